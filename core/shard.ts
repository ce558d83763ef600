import { type Failure, failure } from './failure.ts';
import { imageIdAt } from './image-metadata.ts';
import type { ImageId } from './model.ts';
import { err, ok, type Result } from './result.ts';

/** One of `count` parts of all pictures. Each picture is in exactly one of them, always the same. */
export interface Shard {
  /** 0 to `count` - 1. */
  readonly index: number;
  readonly count: number;
}

export const wholeBucket: Shard = { index: 0, count: 1 };

const mostShards = 10_000;

/** Reads `3/16`: the fourth of sixteen, as the first is 0. */
export function parseShard(text: string): Result<Shard, Failure> {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (index !== undefined && shard.count <= mostShards && shard.index < shard.count) {
    return ok(shard);
  }
  return err(
    failure(
      'invalid_field',
      `Cannot tell the shard as it must be i/n, i from 0 to n - 1, n at most ${mostShards}: ${text}`,
    ),
  );
}

/** Ids are the beginnings of hashes, so their remainders are spread evenly. */
export function isInShard(id: ImageId, { index, count }: Shard): boolean {
  return BigInt(id) % BigInt(count) === BigInt(index);
}

/** @param root `s3://bucket`. */
export function isKeyInShard(root: string, key: string, shard: Shard): boolean {
  return shard.count === 1 || isInShard(imageIdAt(root, key), shard);
}

/** As part of a name: `3-of-16`. */
export function shardName({ index, count }: Shard): string {
  return `${index}-of-${count}`;
}
