import { posix } from 'node:path';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ReducedPrecision } from './model-directory.ts';
import type { HubFile, HubPlace, ModelHub } from './model-hub.ts';
import { type LockedModel, notAsLocked } from './model-pull-lock.ts';
import type { HubSource } from './model-registry.ts';

/** Everything that has to be on disk for a model to run in these precisions. */
export interface PullPlan {
  readonly place: HubPlace;
  readonly files: readonly HubFile[];
}

export interface PlanOptions {
  readonly hub: ModelHub;
  readonly source: HubSource;
  readonly precisions: readonly ReducedPrecision[];
  /** What is recorded of this model: it decides over what the hub says now. */
  readonly locked?: LockedModel | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asks the hub what there is. Fails where that is not what the lock or the registry says. */
export async function planPull(options: PlanOptions): Async<PullPlan> {
  const { hub, source, locked, signal } = options;
  const { repository, revision } = source;
  const commit = locked ? ok(locked.commit) : await hub.commitOf(repository, revision, signal);
  if (!commit.ok) return commit;
  const place = { repository: locked?.repository ?? repository, commit: commit.value };
  const graphs = graphsOf(source, options.precisions);
  const named = [...graphs, source.files.tokenizer];
  const found: HubFile[] = [];
  for (const folder of new Set(named.map(folderOf))) {
    const listed = await hub.list(place, folder, signal);
    if (!listed.ok) return listed;
    found.push(...listed.value);
  }
  const missing = named.find((path) => !found.some((file) => file.path === path));
  if (missing !== undefined) {
    const detail = `Cannot pull the model as its repository has no such file at ${place.commit}: ${repository}/${missing}`;
    return err(failure('model_unavailable', detail));
  }
  const wanted = found.filter(
    ({ path }) => named.includes(path) || isWeights(path, graphs, source.weights),
  );
  return checkPlan({ place, files: wanted }, locked);
}

function graphsOf({ files, variants }: HubSource, precisions: readonly ReducedPrecision[]) {
  const others = precisions.flatMap((precision) => Object.values(variants?.[precision] ?? {}));
  return [files.text, files.image, ...others];
}

/** The dot of the root is written as the hub wants it: not at all. */
function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === '.' ? '' : folder;
}

/** `model.onnx_data`, `model.onnx_data_1` or `model.onnx.data` beside `model.onnx`. */
function isWeights(path: string, graphs: readonly string[], pattern?: RegExp): boolean {
  if (pattern?.test(path) === true) return true;
  return graphs.some(
    (graph) => path.startsWith(graph) && /^[._]data/.test(path.slice(graph.length)),
  );
}

function checkPlan(plan: PullPlan, locked?: LockedModel): Result<PullPlan, Failure> {
  const files: HubFile[] = [];
  for (const file of plan.files) {
    if (!staysInside(file.path) || file.bytes === 0) {
      const detail = `Cannot pull the model as a file of its repository has no content or a path that leads elsewhere: ${file.path}`;
      return err(failure('invalid_model', detail));
    }
    const record = locked?.files[file.path];
    if (record === undefined) {
      files.push(file);
      continue;
    }
    const other = file.sha256 !== undefined && file.sha256 !== record.sha256;
    if (other || file.bytes !== record.bytes) return err(notAsLocked(file.path, record, file));
    files.push({ ...file, ...record });
  }
  return ok({ ...plan, files });
}

/** Paths come from another machine and become paths here. */
function staysInside(path: string): boolean {
  return !/[\\:\0]/.test(path) && path.split('/').every((part) => !/^(\.{0,2})$/.test(part));
}
