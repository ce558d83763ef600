import { EnvPort, parseEnv } from '../core/env.ts';
import type { Async } from '../core/failure.ts';
import { createGeneration, withGeneration } from '../core/generation.ts';
import type { Cache } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { openBucketIntake } from './bucket-intake.ts';
import { openFolderIntake } from './folder-intake.ts';
import { PlaceSetting } from './index-run.ts';
import type { Intake } from './intake.ts';
import { localIndexOf, type Opened } from './open-local.ts';

export const IntakeSettings = PlaceSetting.extend({
  /** Of S3 and SQS. */
  LOCAL_AWS_PORT: EnvPort.default(4566),
});

export interface OpenIntakeOptions {
  /** Keeps the answers of this process, which what is uploaded must not be hidden by. */
  readonly cache: Cache;
  readonly localAws: boolean;
  /** Of the page, once it is served. */
  readonly origins: () => readonly string[];
}

/** A folder for what is uploaded, or the local AWS. */
export async function openIntake(
  { engine, config, logger }: Opened,
  { cache, localAws, origins }: OpenIntakeOptions,
  env = process.env,
): Async<Intake> {
  const { encoder, store } = engine;
  const generation = createGeneration(cache, localIndexOf(config));
  const settings = parseEnv(IntakeSettings, env);
  if (!settings.ok) return settings;
  const { INDEX_PLACE: place, LOCAL_AWS_PORT: port } = settings.value;
  const parts = { encoder, logger, place, dataDirectory: config.DATA_DIR };
  if (!localAws) {
    const told = withGeneration(store, generation, { logger, coalesce: true });
    return ok(await openFolderIntake({ ...parts, store: told }));
  }
  return openBucketIntake({ ...parts, store, generation, origins, port });
}
