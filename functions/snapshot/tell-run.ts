import type { EmfCollection } from '../../adapters/emf-collection.ts';
import type { Failure } from '../../core/failure.ts';
import type { Logger } from '../../core/ports.ts';

export interface Made {
  readonly vectors: number;
  /** Names of older copies that this one has made needless. */
  readonly removed: readonly string[];
}

export interface SnapshotRun extends Made {
  readonly action: 'create' | 'restore';
  readonly name: string;
  readonly finished: boolean;
  readonly seconds: number;
  readonly bytes: number;
  /** Why it did not finish. */
  readonly stopped: string | null;
}

interface Progress {
  readonly action: SnapshotRun['action'];
  readonly bytes: number;
  readonly seconds: number;
}

/** Why a run did not finish, in a sentence that says what else would. */
export function explainStop(
  { location }: { readonly location: string },
  { code, detail }: Failure,
  { action, bytes, seconds }: Progress,
): string {
  if (code !== 'timeout') return detail;
  const command = action === 'create' ? `create --to ${location}` : `restore … --from ${location}`;
  return `Cannot ${action} the copy of the index as it takes longer than a function may run (npm run snapshot -- ${command} takes the time that it takes): ${bytes} bytes in ${seconds} s`;
}

interface TellTo {
  readonly metrics: Pick<EmfCollection, 'add' | 'count' | 'flush'>;
  readonly logger: Logger;
}

/** The nightly copy is measured; bringing one back is somebody's own doing. */
export function tellRun({ metrics, logger }: TellTo, run: SnapshotRun): void {
  if (run.action === 'create') {
    metrics.count('finished', run.finished ? 1 : 0);
    metrics.count('bytes', run.bytes);
    metrics.count('vectors', run.vectors);
    metrics.add('run_duration', 'Milliseconds', run.seconds * 1000);
    metrics.flush();
  }
  if (run.finished) logger.info({ snapshot: run }, `Done: ${run.action} ${run.name}`);
  else logger.error({ snapshot: run }, run.stopped ?? 'It did not finish');
}
