import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { isKeyInShard, parseShard, type Shard, shardName } from './shard.ts';

function shardsOf(count: number): Shard[] {
  return Array.from({ length: count }, (_, index) => ({ index, count }));
}

describe('shards', () => {
  it('have every key exactly once, however many there are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 1, max: 64 }),
        (key, count) => {
          const holders = shardsOf(count).filter((shard) =>
            isKeyInShard('s3://bucket', key, shard),
          );
          expect(holders).toHaveLength(1);
        },
      ),
    );
  });

  it('are of about the same size', () => {
    const sizes = shardsOf(16).map(
      (shard) =>
        Array.from({ length: 16_000 }, (_, n) => `photos/2024/IMG_${n}.jpg`).filter((key) =>
          isKeyInShard('s3://bucket', key, shard),
        ).length,
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(16_000);
    // A thousand each; five standard deviations are 153.
    expect(Math.min(...sizes)).toBeGreaterThan(847);
    expect(Math.max(...sizes)).toBeLessThan(1153);
  });
});

describe('the text of a shard', () => {
  it('is read as it is meant, from 0 on', () => {
    expect(expectOk(parseShard('3/16'))).toEqual({ index: 3, count: 16 });
    expect(expectOk(parseShard('0/1'))).toEqual({ index: 0, count: 1 });
    expect(shardName({ index: 3, count: 16 })).toBe('3-of-16');
  });

  it.each(['16/16', '0/0', '1', '-1/4', '1/10001', '1.5/4', '', 'a/b', '1/4/4'])(
    'is refused where it names none: %j',
    (text) => {
      const { code, detail } = expectFailure(parseShard(text));
      expect(code).toBe('invalid_field');
      expect(detail).toContain('i/n');
    },
  );
});
