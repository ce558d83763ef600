import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { SearchResponse } from '../core/model.ts';
import { drawPicture } from './support/drawings.ts';
import { type RunningScript, runScript, startScript } from './support/processes.ts';
import { post } from './support/search-app.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const Upload = z.object({
  id: z.string(),
  url: z.string(),
  fields: z.record(z.string(), z.string()),
});
const temporaryDirectory = useTemporaryDirectories();
const generousMs = 20_000;

describe.each([
  ['npm start', [], 'uploads', null],
  ['npm start -- --local-aws', ['--local-aws'], 'local-aws', 's3://pictures/'],
] as const)('%s', { timeout: 120_000 }, (_, args, keptIn, root) => {
  const uploaded = new Map<string, string>();
  let directory: string;
  let server: RunningScript;
  let url: string;

  beforeAll(async () => {
    directory = await temporaryDirectory();
    // Anything indexed keeps the demo pictures away.
    await runScript('index', ['test/fixtures/pictures'], { DATA_DIR: directory });
    await start();
  }, 120_000);

  afterAll(() => stop('SIGKILL'));

  async function start(): Promise<void> {
    const env = { DATA_DIR: directory, API_PORT: '0', LOCAL_AWS_PORT: '0' };
    server = startScript('serve', args, env);
    [, url = ''] = await server.waitFor(/Ready: (http:\S+)/);
  }

  async function stop(signal: 'SIGTERM' | 'SIGKILL') {
    server.process.kill(signal);
    return server.finished;
  }

  async function upload(name: string, category: string): Promise<string> {
    const file = await drawPicture(name);
    const request = {
      file_name: `${name}.png`,
      content_type: 'image/png',
      size: file.length,
      category,
    };
    const permitted = await fetch(`${url}/uploads`, post(request));
    expect(permitted.status).toBe(201);
    const { id, url: to, fields } = Upload.parse(await permitted.json());
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    form.append('file', new Blob([new Uint8Array(file)]), `${name}.png`);
    const posted = await fetch(new URL(to, url), { method: 'POST', body: form });
    expect(posted.status).toBe(204);
    uploaded.set(name, id);
    return id;
  }

  async function untilImage(id: string, status: number): Promise<Response> {
    const begunMs = performance.now();
    for (;;) {
      const image = await fetch(`${url}/images/${id}`);
      if (image.status === status) return image;
      if (performance.now() - begunMs > generousMs) throw new Error(`It stays ${image.status}`);
      await sleep(20);
    }
  }

  async function found(category: string): Promise<string[]> {
    const query = { query: 'a red heart', filters: { category } };
    const response = await fetch(`${url}/search`, post(query));
    const { results } = SearchResponse.parse(await response.json());
    return results.map(({ id }) => id);
  }

  it('says where uploads go', () => {
    expect(server.output()).toContain('Uploads go to');
    expect(server.output()).toContain(join(directory, keptIn));
  });

  it('shows an upload soon, though the same was asked before, with its picture', async () => {
    expect(await found('hearts')).toEqual([]);
    const begunMs = performance.now();
    const id = await upload('red-heart', 'hearts');
    const { metadata } = z
      .object({ metadata: z.record(z.string(), z.unknown()) })
      .parse(await (await untilImage(id, 200)).json());
    while ((await found('hearts'))[0] !== id) await sleep(20);
    console.log(`uploaded → searchable: ${Math.round(performance.now() - begunMs)} ms`);
    expect(metadata).toMatchObject({ category: 'hearts', type: 'image/png' });
    expect(String(metadata['s3_key']).startsWith(String(root))).toBe(true);
    const picture = await fetch(new URL(String(metadata['url']), url));
    expect(Buffer.from(await picture.arrayBuffer())).toEqual(await drawPicture('red-heart'));
    const small = metadata['thumbnail_url'];
    expect(small === null).toBe(metadata['s3_key'] === null);
    if (small === null) return;
    const thumbnail = await fetch(new URL(String(small), url));
    expect(thumbnail.headers.get('content-type')).toBe('image/webp');
  });

  it('refuses a form for another file', async () => {
    const request = { file_name: 'a.png', content_type: 'image/png', size: 10 };
    const permitted = await fetch(`${url}/uploads`, post(request));
    const { id, url: to, fields } = Upload.parse(await permitted.json());
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    form.append('file', new Blob(['hello world']), 'a.png');
    const posted = await fetch(new URL(to, url), { method: 'POST', body: form });
    expect(posted.ok).toBe(false);
    await sleep(200);
    expect((await fetch(`${url}/images/${id}`)).status).toBe(404);
  });

  it('has after a crash what came before it, even the moment before', async () => {
    const id = await upload('blue-circle', 'circles');
    await stop('SIGKILL');
    await start();
    await untilImage(id, 200);
    expect(await found('circles')).toEqual([id]);
    expect(await found('hearts')).toEqual([uploaded.get('red-heart')]);
  });

  it('forgets a picture soon after it was deleted', async () => {
    const id = uploaded.get('red-heart') ?? '';
    expect(await found('hearts')).toEqual([id]);
    const begunMs = performance.now();
    const deleted = await fetch(`${url}/images/${id}`, { method: 'DELETE' });
    expect(deleted.status).toBe(202);
    await untilImage(id, 404);
    while ((await found('hearts')).length > 0) await sleep(20);
    console.log(`deleted → gone: ${Math.round(performance.now() - begunMs)} ms`);
  });

  it('forgets after a crash what was deleted the moment before it', async () => {
    const id = await upload('green-square', 'squares');
    await untilImage(id, 200);
    const deleted = await fetch(`${url}/images/${id}`, { method: 'DELETE' });
    await stop('SIGKILL');
    expect(deleted.status).toBe(202);
    await start();
    await untilImage(id, 404);
    expect(await found('squares')).toEqual([]);
  });

  it('indexes all that is kept, where the index was lost', async () => {
    expect((await stop('SIGTERM')).code).toBe(0);
    await rm(join(directory, 'images'), { recursive: true });
    await runScript('index', ['test/fixtures/pictures'], { DATA_DIR: directory });
    await start();
    await untilImage(uploaded.get('blue-circle') ?? '', 200);
    expect((await fetch(`${url}/images/${uploaded.get('red-heart')}`)).status).toBe(404);
  });
});
