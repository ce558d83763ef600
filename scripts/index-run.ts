import * as z from 'zod';
import { EnvBoolean } from '../core/env.ts';
import type { Async, Failure } from '../core/failure.ts';
import type { Outcome } from '../core/indexer.ts';
import { ok, type Result } from '../core/result.ts';
import type { Manifest } from './manifest.ts';
import type { Progress } from './progress.ts';
import { createReport } from './report.ts';

export interface IndexOptions {
  readonly batchSize: number;
  readonly category?: string | undefined;
  readonly place: boolean;
  readonly prune: boolean;
  /** A file, or `s3://bucket/key`. */
  readonly manifest?: string | undefined;
}

/** Shared with the functions and the batch job, so that all of them make the same metadata. */
export const PlaceSetting = z.object({
  /** Whether it is kept where a picture was taken. */
  INDEX_PLACE: EnvBoolean.default(false),
});

export interface RunParts {
  readonly manifest: Manifest;
  readonly progress: Progress;
  /** Set when somebody has asked for an end. */
  readonly stop: AbortSignal;
  readonly work: (onOutcomes: (outcomes: readonly Outcome[]) => Promise<void>) => Async<void>;
}

/** Indexes, and says what became of every file: on the way, at the end and in the manifest. */
export async function runIndexing({ manifest, progress, stop, work }: RunParts): Async<number> {
  const report = createReport();
  const indexed = await work(async (outcomes) => {
    report.add(outcomes);
    progress.advance(outcomes.filter(({ outcome }) => outcome !== 'removed').length);
    await manifest.add(outcomes);
  });
  progress.stop();
  const kept = await manifest.finish();
  const place = kept.ok ? `\nEvery file: ${manifest.location}` : '';
  process.stdout.write(`${report.summary()}${place}\n`);
  return toExitCode(indexed.ok ? kept : indexed, stop);
}

function toExitCode(done: Result<void, Failure>, stop: AbortSignal): Result<number, Failure> {
  if (done.ok) return ok(0);
  if (!stop.aborted) return done;
  process.stderr.write('Interrupted: the same command goes on from here.\n');
  return ok(130);
}
