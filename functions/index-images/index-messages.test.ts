import { expect, it } from 'vitest';
import { failure } from '../../core/failure.ts';
import type { Indexer } from '../../core/indexer.ts';
import { err, ok } from '../../core/result.ts';
import { createIndexMessages } from './index-messages.ts';

it('begins with every batch, however long the one before has taken', async () => {
  let clockMs = 0;
  let hangs = true;
  const look: Indexer['look'] = async (keys) => {
    clockMs += hangs ? 60_000 : 10;
    if (hangs) return err(failure('objects_unavailable', 'Cannot reach the bucket'));
    return ok(keys.map((key) => ({ id: '1', path: key, outcome: 'indexed' })));
  };
  const indexMessages = createIndexMessages({
    look,
    bucket: 'pictures',
    maxReceives: 3,
    showChanges: async () => {},
    now: () => clockMs,
    chunkSize: 32,
    atOnce: 3,
  });
  async function settledOf(count: number): Promise<boolean[]> {
    const settled: boolean[] = [];
    const messages = Array.from({ length: count }, (_, n) => {
      const body = JSON.stringify({ bucket: 'pictures', key: `${n}.png` });
      return { id: String(n), body, receives: 1, sentAtMs: undefined };
    });
    const context = {
      signal: new AbortController().signal,
      remainingMs: () => 800_000,
      settle: (_: unknown, result: { readonly ok: boolean }) => void settled.push(result.ok),
    };
    await indexMessages(messages, context, () => {});
    return settled;
  }
  expect(await settledOf(1)).toEqual([false]);
  hangs = false;
  expect(await settledOf(32)).toEqual(Array.from({ length: 32 }, () => true));
});
