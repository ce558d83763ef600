import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { runCommand, wrongArgument } from './command.ts';
import { type BuiltStage, replayBuild } from './dockerfile-build.ts';
import { invokeLambda } from './dockerfile-lambda.ts';
import { startImage } from './dockerfile-start.ts';
import { folderBytes } from './folder-bytes.ts';

const help = `npm run replay -- <Dockerfile> [options]

Follows a Dockerfile without Docker, as root of a Linux machine: its steps are run in folders of their
own, on this machine's programs and its Node in place of base images. Then the image is started as it
says, asked by its health check until that is content, and ended. What can't be done here is named.

  --build-arg NAME=VALUE   as docker build takes it; may be repeated
  --env NAME=VALUE         for the start, as docker run takes it; may be repeated. The edge needs
                           SERVICE_URL=http://localhost:8000 and API_KEYS_REQUIRED=false
  --keep                   leave the folders, and say where they are
  --help                   this text
`;

await runCommand(async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      'build-arg': { type: 'string', multiple: true, default: [] },
      env: { type: 'string', multiple: true, default: [] },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const [file] = positionals;
  if (file === undefined) return wrongArgument('there must be a Dockerfile: --help shows how');
  if (process.getuid?.() !== 0)
    return wrongArgument('only root may make the folders an image: sudo');
  if (!existsSync(join(import.meta.dirname, '..', file)))
    return wrongArgument(`there is no such Dockerfile in the project: ${file}`);
  const scratch = await mkdtemp(join(tmpdir(), 'picture-search-image-'));
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  try {
    const startMs = performance.now();
    const image = await replayBuild({ file, scratch, args: pairs(values['build-arg']), say });
    const megabytes = Math.round((await folderBytes(image.directory)) / 1e6);
    say(`Built in ${seconds(performance.now() - startMs)}: ${megabytes} MB besides the base.`);
    return await report(image, pairs(values.env), say);
  } finally {
    if (values.keep) say(`The folders are in ${scratch}`);
    else await rm(scratch, { recursive: true, force: true });
  }
});

async function report(
  image: BuiltStage,
  env: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Async<number> {
  for (const step of image.skipped) say(`Left out: ${step}`);
  const isFunction = image.instructions.some(({ words }) => words === '["lambda.handler"]');
  if (isFunction) {
    const answer = await invokeLambda(image, env);
    say(`The handler answers a message of the queue: ${answer}`);
    return ok(0);
  }
  const started = await startImage(image, env);
  if (!started.ok) return started;
  const { healthyAfterMs, exitCode } = started.value;
  say(`Healthy after ${seconds(healthyAfterMs)}; SIGTERM ends it with ${exitCode}.`);
  return ok(exitCode === 0 ? 0 : 1);
}

function pairs(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
