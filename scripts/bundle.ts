import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { OutputChunk } from 'rolldown';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { startChunks, writeBundle } from './bundle-files.ts';
import { bundleTargets } from './bundle-targets.ts';
import { runCommand, wrongArgument } from './command.ts';

const help = `Bundle a function for AWS Lambda: files that run without this project's sources.

  npm run bundle -- [${Object.keys(bundleTargets).join(' | ')}] [--out <directory>]

  --out <directory>  where to (dist/<name>); .mjs and .mjs.map files that are there are removed
  --help             this text

Without a name it is the edge. The handler is lambda.handler. index-images needs onnxruntime-node and
sharp in a node_modules beside it, and a model (functions/index-images/Dockerfile). A .map beside each
file leads stack traces back to the source (NODE_OPTIONS=--enable-source-maps).
`;

await runCommand(async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { out: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const [name = 'edge', ...others] = positionals;
  const target = bundleTargets[name];
  if (target === undefined || others.length > 0) {
    const names = Object.keys(bundleTargets).join(', ');
    return wrongArgument(`what is bundled must be one of ${names}: ${positionals.join(' ')}`);
  }
  const directory = values.out ?? join('dist', name);
  if (resolve(directory) === resolve(import.meta.dirname, '..')) {
    return wrongArgument(`--out must be another folder than this project: ${directory}`);
  }
  const chunks = await writeBundle(target, directory);
  const atStart = startChunks(chunks);
  for (const chunk of chunks) process.stdout.write(describe(chunk, atStart.includes(chunk)));
  const checked = await checkSize(directory, atStart, target.maxStartBytes);
  return checked.ok ? ok(0) : checked;
});

/** What a file is made of: the packages in it, the largest first. */
function describe({ fileName, code, modules }: OutputChunk, atStart: boolean): string {
  const sizes = new Map<string, number>();
  for (const [id, { renderedLength }] of Object.entries(modules)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? 'this project';
    sizes.set(name, (sizes.get(name) ?? 0) + renderedLength);
  }
  const largest = [...sizes].toSorted(([, a], [, b]) => b - a).slice(0, 6);
  const parts = largest.map(([name, bytes]) => `${name} ${toKilobytes(bytes)}`).join(', ');
  const when = atStart ? '' : ', when needed';
  return `${fileName}  ${toKilobytes(Buffer.byteLength(code))}${when} (before minifying: ${parts})\n`;
}

async function checkSize(
  directory: string,
  chunks: readonly OutputChunk[],
  maxBytes = Infinity,
): Async<number> {
  const sizes = await Promise.all(
    chunks.map(async ({ fileName }) => (await stat(join(directory, fileName))).size),
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes <= maxBytes) return ok(bytes);
  const detail = `Cannot deploy as what the bundle loads at its start has grown beyond ${toKilobytes(maxBytes)}: ${toKilobytes(bytes)}`;
  return err(failure('invalid_field', detail));
}

function toKilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1000)} kB`;
}
