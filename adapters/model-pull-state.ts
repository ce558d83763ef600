import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  filesOf,
  type ModelFile,
  ModelManifest,
  type ReducedPrecision,
  reducedPrecisions,
} from './model-directory.ts';
import type { HubSource, RegisteredModel } from './model-registry.ts';

/** Where a pulled model is; the slash of its id is one more folder. */
export function directoryOf(dataDir: string, id: string): string {
  return join(dataDir, 'models', ...id.split('/'));
}

/** A model directory as it is found, perhaps with files that are gone or of another size. */
export interface InstalledModel {
  readonly manifest: ModelManifest;
  /** By path in the directory: the files that are there in full size. */
  readonly whole: ReadonlyMap<string, ModelFile>;
}

export async function readInstalled(directory: string): Promise<InstalledModel | undefined> {
  const text = await readFile(join(directory, 'model.json'), 'utf8').catch(() => undefined);
  const manifest = text === undefined ? undefined : parseManifest(text);
  if (manifest === undefined) return undefined;
  const whole = new Map<string, ModelFile>();
  for (const file of filesOf(manifest)) {
    const size = await stat(join(directory, file.path)).then(
      (stats) => stats.size,
      () => undefined,
    );
    if (size === file.bytes) whole.set(file.path, file);
  }
  return { manifest, whole };
}

export function variantsOf({ variants }: ModelManifest): ReducedPrecision[] {
  return reducedPrecisions.filter((precision) => variants[precision] !== undefined);
}

/** Every file is there, and so is every precision that is asked for. */
export function isComplete(
  { manifest, whole }: InstalledModel,
  precisions: readonly ReducedPrecision[],
): boolean {
  const there = variantsOf(manifest);
  return (
    filesOf(manifest).every(({ path }) => whole.has(path)) &&
    precisions.every((precision) => there.includes(precision))
  );
}

/** A registry that was corrected since the pull: the files stay, what is said of them changes. */
export async function refreshRecipe(
  directory: string,
  { manifest }: InstalledModel,
  model: RegisteredModel,
): Promise<void> {
  const now = ModelManifest.parse({ ...manifest, ...recipeOf(model) });
  if (JSON.stringify(now) !== JSON.stringify(manifest)) await writeManifest(directory, now);
}

/** Written whole or not at all. */
export async function writeManifest(directory: string, manifest: ModelManifest): Promise<void> {
  const path = join(directory, 'model.json');
  await writeFile(`${path}.new`, `${JSON.stringify(manifest, undefined, 2)}\n`);
  await rename(`${path}.new`, path);
}

export function composeManifest(
  model: RegisteredModel,
  { files, variants }: HubSource,
  pulled: ReadonlyMap<string, ModelFile>,
  precisions: readonly ReducedPrecision[],
): ModelManifest {
  const towers = (paths: object) =>
    Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, pulled.get(path)]));
  const kept = precisions.map((precision) => [precision, variants?.[precision] ?? {}] as const);
  const named = new Set([files, ...kept.map(([, paths]) => paths)].flatMap(Object.values<string>));
  // In one order, whatever came first: a model's revision is made from this list.
  const weights = [...pulled].filter(([path]) => !named.has(path)).toSorted(byPath);
  return ModelManifest.parse({
    ...recipeOf(model),
    files: { ...towers(files), ...Object.fromEntries(weights) },
    variants: Object.fromEntries(kept.map(([precision, paths]) => [precision, towers(paths)])),
  });
}

function recipeOf(model: RegisteredModel) {
  const { from: _, quality: __, ...recipe } = model;
  return recipe;
}

function byPath([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

function parseManifest(text: string): ModelManifest | undefined {
  try {
    return ModelManifest.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
