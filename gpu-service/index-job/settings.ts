import { parseArgs } from 'node:util';
import { parseEnv } from '../../core/env.ts';
import { type Failure, failure } from '../../core/failure.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { parseShard, type Shard, wholeBucket } from '../../core/shard.ts';
import { type BucketPart, parseBucketUrl } from './bucket-url.ts';
import { IndexJobConfig } from './config.ts';

/** What the job is to do. */
export interface IndexJobSettings extends BucketPart {
  readonly inventory: string | undefined;
  readonly shard: Shard;
  readonly batchSize: number;
  readonly category: string | undefined;
  readonly place: boolean;
  readonly prune: boolean;
}

export interface IndexJobInput {
  readonly config: IndexJobConfig;
  readonly settings: IndexJobSettings;
}

/** The environment, and the arguments, which go before it. */
export function readIndexJob(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<IndexJobInput, Failure> {
  const config = parseEnv(IndexJobConfig, env);
  if (!config.ok) return config;
  const parsed = readArguments(args);
  if (!parsed.ok) return parsed;
  const { values, positionals } = parsed.value;
  const part = partOf(positionals, config.value);
  if (!part.ok) return part;
  const shard = values.shard === undefined ? batchShard(config.value) : parseShard(values.shard);
  if (!shard.ok) return shard;
  const batchSize = Number(values['batch-size']);
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 4096) {
    return refuse('--batch-size must be a whole number from 1 to 4096', values['batch-size']);
  }
  const settings = {
    ...part.value,
    inventory: values.inventory ?? config.value.INVENTORY,
    shard: shard.value,
    batchSize,
    category: values.category,
    place: values.place || config.value.INDEX_PLACE,
    prune: values.prune,
  };
  return ok({ config: config.value, settings });
}

/** The job's own part of an array of AWS Batch; without one the whole bucket. */
export function batchShard(
  env: Pick<IndexJobConfig, 'AWS_BATCH_JOB_ARRAY_INDEX' | 'AWS_BATCH_JOB_ARRAY_SIZE'>,
): Result<Shard, Failure> {
  const { AWS_BATCH_JOB_ARRAY_INDEX: index, AWS_BATCH_JOB_ARRAY_SIZE: size } = env;
  return index === undefined ? ok(wholeBucket) : parseShard(`${index}/${size ?? 'unknown'}`);
}

function readArguments(args: readonly string[]) {
  try {
    const parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        inventory: { type: 'string' },
        shard: { type: 'string' },
        'batch-size': { type: 'string', default: '256' },
        category: { type: 'string' },
        place: { type: 'boolean', default: false },
        prune: { type: 'boolean', default: false },
      },
    });
    return ok(parsed);
  } catch (error) {
    return refuse('the arguments are not right', error instanceof Error ? error.message : '');
  }
}

function partOf(
  positionals: readonly string[],
  { PICTURES_BUCKET: bucket, PICTURES_PREFIX: prefix }: IndexJobConfig,
): Result<BucketPart, Failure> {
  const [url, more] = positionals;
  if (more !== undefined) return refuse('there must be one bucket', positionals.join(' '));
  if (url !== undefined) return parseBucketUrl(url);
  return bucket === undefined
    ? refuse('no bucket is named', 's3://bucket/prefix as an argument, or PICTURES_BUCKET')
    : parseBucketUrl(`s3://${bucket}/${prefix}`);
}

function refuse(why: string, value: string): Result<never, Failure> {
  return err(failure('invalid_field', `Cannot index as ${why}: ${value}`));
}
