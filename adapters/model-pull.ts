import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Async } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import type { ModelFile, ModelManifest, ReducedPrecision } from './model-directory.ts';
import type { ModelHub } from './model-hub.ts';
import { explainDisk } from './model-pull-disk.ts';
import { type FreeBytes, pullFiles, type PullProgress } from './model-pull-files.ts';
import { readLock, recordInLock } from './model-pull-lock.ts';
import { planPull } from './model-pull-plan.ts';
import {
  composeManifest,
  type InstalledModel,
  isComplete,
  readInstalled,
  variantsOf,
  writeManifest,
} from './model-pull-state.ts';
import { withTurn } from './model-pull-turn.ts';
import type { HubSource, RegisteredModel } from './model-registry.ts';

export interface PullOptions {
  readonly model: RegisteredModel;
  readonly source: HubSource;
  readonly directory: string;
  /** Where commits and hashes are recorded; see `ModelLock`. */
  readonly lockPath: string;
  readonly hub: ModelHub;
  readonly precisions: readonly ReducedPrecision[];
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
  readonly freeBytes?: FreeBytes | undefined;
  /** Called when another process is pulling the same model, and is waited for. */
  readonly onWait?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings a model's files into its directory. They are collected and checked beside it, and
 * `model.json` comes last, so at no moment can half a model be loaded; whatever ends it early, the
 * next pull goes on from there. Two processes take turns, and the second finds it done.
 * Fails with `model_unavailable`, or with `invalid_model` where hashes are not the expected ones.
 */
export async function pullModel(options: PullOptions): Async<void> {
  const { directory, precisions, onWait, signal } = options;
  try {
    return await withTurn(
      `${directory}.pulling`,
      async () => {
        const installed = await readInstalled(directory);
        if (installed && isComplete(installed, precisions)) return ok(undefined);
        return pullMissing(options, installed);
      },
      { signal, onWait },
    );
  } catch (error) {
    return err(explainDisk(error, directory));
  }
}

async function pullMissing(options: PullOptions, installed?: InstalledModel): Async<void> {
  const { model, source, hub, lockPath, directory, signal } = options;
  const before = installed ? variantsOf(installed.manifest) : [];
  const precisions = [...new Set([...before, ...options.precisions])];
  const lock = await readLock(lockPath);
  if (!lock.ok) return lock;
  const locked = lock.value[model.id];
  const plan = await planPull({ hub, source, precisions, locked, signal });
  if (!plan.ok) return plan;
  const { place, files } = plan.value;
  const there = files.flatMap(({ path, sha256 }) => {
    const file = installed?.whole.get(path);
    return file !== undefined && file.sha256 === sha256 ? [file] : [];
  });
  const missing = files.filter(({ path }) => !there.some((file) => file.path === path));
  const fetched = await pullFiles({
    ...options,
    plan: { place, files: missing },
    partial: partialOf(directory),
  });
  if (!fetched.ok) return fetched;
  const pulled = new Map([...there, ...fetched.value].map((file) => [file.path, file]));
  const hashes = Object.fromEntries(
    [...pulled].map(([path, { bytes, sha256 }]) => [path, { bytes, sha256 }]),
  );
  const record = { ...place, files: { ...locked?.files, ...hashes } };
  const recorded = await recordInLock(lockPath, model.id, record);
  if (!recorded.ok) return recorded;
  await install(directory, fetched.value, composeManifest(model, source, pulled, precisions));
  return ok(undefined);
}

/** By renaming alone. Files of a directory that is in use are replaced one by one, each whole. */
async function install(
  directory: string,
  files: readonly ModelFile[],
  manifest: ModelManifest,
): Promise<void> {
  const partial = partialOf(directory);
  const exists = await stat(directory).then(
    () => true,
    () => false,
  );
  if (!exists) {
    await writeManifest(partial, manifest);
    await rename(partial, directory);
    return;
  }
  for (const { path } of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await rename(join(partial, path), join(directory, path));
  }
  await writeManifest(directory, manifest);
  await rm(partial, { recursive: true, force: true });
}

function partialOf(directory: string): string {
  return `${directory}.partial`;
}
