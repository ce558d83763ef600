import { cp, readdir, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown, type OutputChunk, type Plugin } from 'rolldown';
import type { BundleTarget } from './bundle-targets.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Writes the bundle of a function; what an earlier one left there is removed first. */
export async function writeBundle(
  { entry, native, models }: BundleTarget,
  directory: string,
): Promise<readonly OutputChunk[]> {
  await removeOld(directory, models);
  const bundled = await rolldown({
    input: { lambda: join(root, entry) },
    cwd: root,
    platform: 'node',
    external: native.map((name) => new RegExp(`^${name}(/|$)`)),
    plugins: [bundleUrls()],
    transform: { target: 'node24' },
  });
  const { output } = await bundled.write({
    dir: directory,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
    minify: true,
    sourcemap: true,
    // From the root of the project, wherever the bundle is written to: the same sources give the same files.
    sourcemapPathTransform: (source, map) => relative(root, resolve(dirname(map), source)),
  });
  await bundled.close();
  for (const name of models) {
    await cp(join(root, 'models', name), join(directory, 'models', name), { recursive: true });
  }
  return output.filter((file) => file.type === 'chunk');
}

/** Only what a bundle has: the folder may have models of somebody's. */
async function removeOld(directory: string, models: readonly string[]): Promise<void> {
  const names = await readdir(directory).catch((): string[] => []);
  for (const name of names) if (/\.mjs(\.map)?$/.test(name)) await rm(join(directory, name));
  for (const name of models) {
    await rm(join(directory, 'models', name), { recursive: true, force: true });
  }
}

/**
 * What a source names by its place: a thread becomes a file of the bundle, and `models` is beside it.
 */
function bundleUrls(): Plugin {
  return {
    name: 'bundle-urls',
    transform(code, id) {
      if (!id.endsWith('.ts') || !code.includes('import.meta.url')) return null;
      const bundled = code
        .replaceAll(/new URL\('(\.\/[\w-]+)\.ts', import\.meta\.url\)/g, (_, path: string) => {
          const name = path.slice('./'.length);
          this.emitFile({ type: 'chunk', id: join(dirname(id), `${name}.ts`), name });
          return `new URL('./${name}.mjs', import.meta.url)`;
        })
        .replaceAll("new URL('../models/", "new URL('./models/");
      // No line moves, and that is all that a stack trace shows.
      return { code: bundled, map: null };
    },
  };
}

/** The chunks that are loaded at the start: an entry, what it imports, and so on. */
export function startChunks(chunks: readonly OutputChunk[]): OutputChunk[] {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const reached = new Set(['lambda.mjs']);
  for (const name of reached) {
    for (const imported of byName.get(name)?.imports ?? []) reached.add(imported);
  }
  return chunks.filter(({ fileName }) => reached.has(fileName));
}
