import type { Precision } from '../adapters/model-directory.ts';
import { formatBytes } from '../adapters/model-pull-disk.ts';
import { ensureModel } from '../adapters/model-pull-ensure.ts';
import type { PullProgress } from '../adapters/model-pull-files.ts';
import type { Async } from '../core/failure.ts';
import type { ModelSettings } from './model-settings.ts';
import { createProgress, type Progress } from './progress.ts';

export interface PullRequest {
  readonly id: string;
  /** Besides fp32. */
  readonly precisions: readonly Precision[];
  readonly signal?: AbortSignal;
}

/** Brings what is missing of a model, with a bar on the terminal; its directory. */
export async function pullWithProgress(
  { id, precisions, signal }: PullRequest,
  { DATA_DIR, MODELS_LOCK, HF_ENDPOINT, HF_TOKEN }: ModelSettings,
): Async<string> {
  const progress = createByteProgress(`Pulling ${id}`);
  const directory = await ensureModel({
    id,
    precisions,
    dataDir: DATA_DIR,
    lockPath: MODELS_LOCK,
    endpoint: HF_ENDPOINT,
    token: HF_TOKEN,
    onProgress: progress.show,
    onWait: () => process.stderr.write('Another process is pulling it; waiting for that.\n'),
    ...(signal && { signal }),
  });
  progress.stop();
  return directory;
}

/** How much there is to pull is known only when the hub has been asked. */
function createByteProgress(label: string) {
  let progress: Progress | undefined;
  let before = 0;
  return {
    show({ bytes, totalBytes }: PullProgress) {
      progress ??= createProgress(label, totalBytes, formatBytes);
      progress.advance(bytes - before);
      before = bytes;
    },
    stop: () => progress?.stop(),
  };
}
