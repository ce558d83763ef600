import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Async } from '../core/failure.ts';
import { says, startOpenAiServer } from '../test/support/openai-server.ts';
import { startScript } from '../test/support/processes.ts';
import type { ActionParts } from './page-actions.ts';

/**
 * `npm start` on the demo pictures, with a language model of a few words, for as long as the work takes.
 *
 * @param drops So many pictures lie in the folder, each another.
 */
export async function withServedPage<T>(
  drops: number,
  work: (parts: ActionParts) => Async<T>,
): Async<T> {
  const directory = await mkdtemp(join(os.tmpdir(), 'picture-search-'));
  const model = await startOpenAiServer(says('They show what was asked for.', { betweenMs: 20 }));
  const server = startScript('serve', [], {
    DATA_DIR: join(directory, 'data'),
    API_PORT: '0',
    LLM_ENABLED: 'true',
    LLM_MODEL: 'a-few-words',
    LLM_DAILY_QUOTA: '1000000',
    OPENAI_API_KEY: 'none',
    OPENAI_BASE_URL: model.url,
  });
  try {
    const folder = join(directory, 'dropped');
    await drawDrops(folder, drops);
    const [, origin = ''] = await server.waitFor(/Ready: (http:\S+)/);
    return await work({ origin, folder });
  } finally {
    server.process.kill('SIGTERM');
    await server.finished;
    await model.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function drawDrops(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (let place = 0; place < count; place += 1) {
    const background = { r: (place * 47) % 256, g: (place * 91) % 256, b: 120 };
    const create = { width: 640, height: 480, channels: 3, background } as const;
    const bytes = await sharp({ create }).png().toBuffer();
    await writeFile(join(folder, `dropped-${place}.png`), bytes);
  }
}
