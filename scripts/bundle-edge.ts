import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown, type OutputChunk } from 'rolldown';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { runCommand } from './command.ts';

const help = `Bundle the edge for AWS Lambda: files that run without node_modules.

  npm run bundle -- [--out <directory>]

  --out <directory>  where to (dist/edge); .mjs and .map files that are there are removed
  --help             this text

The handler is lambda.handler. A .map beside each file leads stack traces back to the source
(NODE_OPTIONS=--enable-source-maps).
`;

const root = fileURLToPath(new URL('..', import.meta.url));

/** More than that slows down every start; something that does not belong there has come in. */
const maxBytes = 1_000_000;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string', default: 'dist/edge' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  await removeOld(values.out);
  const chunks = await bundle(values.out);
  for (const chunk of chunks) process.stdout.write(describe(chunk));
  const written = await checkSize(values.out, chunks);
  return written.ok ? ok(0) : written;
});

async function bundle(directory: string): Promise<readonly OutputChunk[]> {
  const bundled = await rolldown({
    input: { lambda: join(root, 'edge/lambda/main.ts') },
    cwd: root,
    platform: 'node',
    transform: { target: 'node24' },
  });
  const { output } = await bundled.write({
    dir: directory,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
    minify: true,
    sourcemap: true,
  });
  await bundled.close();
  return output.filter((file) => file.type === 'chunk');
}

async function removeOld(directory: string): Promise<void> {
  const names = await readdir(directory).catch((): string[] => []);
  for (const name of names) if (/\.mjs(\.map)?$/.test(name)) await rm(join(directory, name));
}

/** What a file is made of: the packages in it, the largest first. */
function describe({ fileName, code, modules }: OutputChunk): string {
  const sizes = new Map<string, number>();
  for (const [id, { renderedLength }] of Object.entries(modules)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? 'this project';
    sizes.set(name, (sizes.get(name) ?? 0) + renderedLength);
  }
  const largest = [...sizes].toSorted(([, a], [, b]) => b - a).slice(0, 6);
  const parts = largest.map(([name, bytes]) => `${name} ${toKilobytes(bytes)}`).join(', ');
  return `${fileName}  ${toKilobytes(Buffer.byteLength(code))} (before minifying: ${parts})\n`;
}

async function checkSize(directory: string, chunks: readonly OutputChunk[]): Async<number> {
  const sizes = await Promise.all(
    chunks.map(async ({ fileName }) => (await stat(join(directory, fileName))).size),
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes <= maxBytes) return ok(bytes);
  const detail = `Cannot deploy as the bundle has grown beyond ${toKilobytes(maxBytes)}: ${toKilobytes(bytes)}`;
  return err(failure('invalid_field', detail));
}

function toKilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1000)} kB`;
}
