import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { type Precision, type ReducedPrecision, reducedPrecisions } from './model-directory.ts';
import { createModelHub, type HubOptions } from './model-hub.ts';
import { pullModel, type PullOptions } from './model-pull.ts';
import { directoryOf, isComplete, readInstalled, refreshRecipe } from './model-pull-state.ts';
import { registeredModels, type RegisteredModel } from './model-registry.ts';

export interface EnsureModelOptions
  extends
    HubOptions,
    Pick<PullOptions, 'lockPath' | 'onProgress' | 'onWait' | 'freeBytes' | 'signal'> {
  readonly id: string;
  readonly dataDir: string;
  /** Besides fp32; those that the model does not have are left out. */
  readonly precisions?: readonly Precision[];
  readonly models?: readonly RegisteredModel[];
}

/**
 * The directory of a model that can be loaded: what is missing of it is pulled. A model that is
 * there costs no network and no hashing.
 * Fails with `invalid_field` for an id that nobody has, otherwise as `pullModel`.
 */
export async function ensureModel(options: EnsureModelOptions): Async<string> {
  const found = findModel(options.id, options.models);
  if (!found.ok) return found;
  const model = found.value;
  if ('directory' in model.from) return ok(model.from.directory);
  const has = precisionsOf(model);
  const precisions = has.filter((precision) => options.precisions?.includes(precision));
  const directory = directoryOf(options.dataDir, model.id);
  const installed = await readInstalled(directory);
  if (installed && isComplete(installed, precisions)) {
    await refreshRecipe(directory, installed, model);
    return ok(directory);
  }
  const { lockPath, onProgress, onWait, freeBytes, signal } = options;
  const pulled = await pullModel({
    model,
    source: model.from,
    directory,
    lockPath,
    hub: createModelHub(options),
    precisions,
    onProgress,
    onWait,
    freeBytes,
    signal,
  });
  return pulled.ok ? ok(directory) : pulled;
}

export function findModel(
  id: string,
  models: readonly RegisteredModel[] = registeredModels,
): ReturnType<typeof ok<RegisteredModel>> | ReturnType<typeof unknownModel> {
  const model = models.find((one) => one.id === id);
  return model ? ok(model) : unknownModel(id, models);
}

/** The number formats that a model can be pulled in, besides fp32. */
export function precisionsOf({ from }: RegisteredModel): ReducedPrecision[] {
  if ('directory' in from) return [];
  return reducedPrecisions.filter((precision) => from.variants?.[precision]);
}

function unknownModel(id: string, models: readonly RegisteredModel[]) {
  const known = models.map((model) => model.id).join(', ');
  const detail = `Cannot find the model as it is none of ${known}; for one of your own set MODEL_DIR to its directory: ${id}`;
  return err(failure('invalid_field', detail));
}
