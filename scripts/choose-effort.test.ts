import { describe, expect, it } from 'vitest';
import type { VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { createRecord } from '../test/support/points.ts';
import { bestRecall, nearlyCheapest, rankEfforts } from './choose-effort.ts';
import type { SweepPoint } from './effort-sweep.ts';
import { tuneEffort } from './tune-effort.ts';
import type { JudgedQuery } from './search-measurement.ts';

function point(ef: number, recall: number, p50: number, images = recall): SweepPoint {
  const measured = { queries: 100, p50_ms: p50, p95_ms: 2 * p50, p99_ms: 3 * p50 };
  return {
    ef,
    oversampling: 2,
    text: { ...measured, recall },
    image: { ...measured, recall: images },
  };
}

describe('The choice of an effort', () => {
  const points = [
    point(64, 0.9, 1),
    point(128, 0.97, 1.4),
    point(256, 0.985, 2),
    point(512, 0.99, 4),
  ];

  it('is the cheapest that reaches the target', () => {
    expect(rankEfforts(points, 0.98).map(({ ef }) => ef)).toEqual([256, 512]);
    expect(rankEfforts(points, 0.999)).toEqual([]);
    expect(bestRecall(points)?.ef).toBe(512);
  });

  it('goes by the time that was measured, not by ef', () => {
    expect(rankEfforts([...points, point(1024, 0.99, 1.5)], 0.98)[0]?.ef).toBe(1024);
  });

  it('wants the target of images as well', () => {
    expect(rankEfforts([point(64, 0.99, 1, 0.9), point(512, 0.99, 4)], 0.98)[0]?.ef).toBe(512);
  });

  it('looks again at what noise may have put behind the cheapest', () => {
    const ranked = rankEfforts([...points, point(300, 0.99, 2.5)], 0.98);
    expect(nearlyCheapest(ranked).map(({ ef }) => ef)).toEqual([256, 300]);
  });
});

describe('The tuning of an effort', () => {
  const wanted = Int32Array.from({ length: 20 }, (_, row) => row);
  const query = (second: boolean): JudgedQuery => ({
    vector: Float32Array.of(second ? 1 : 0),
    from: 'text',
    nearest: { rows: wanted, scores: Float64Array.from(wanted, (row) => 1 - row / 100) },
  });
  const halves = [false, true].map((second) => Array.from({ length: 20 }, () => query(second)));
  const [first = [], second = []] = halves;

  /** Finds nine of ten below an ef, which is another one for the second half of the queries. */
  function storeThatNeeds(efs: readonly [number, number]): Pick<VectorStore, 'query'> {
    return {
      async query({ vector, limit, effort }) {
        const needed = vector[0] === 1 ? efs[1] : efs[0];
        const shift = (effort?.ef ?? 0) < needed ? 1 : 0;
        const rows = [...wanted.slice(shift, shift + limit - shift), ...(shift ? [99] : [])];
        return ok(rows.map((row) => ({ record: createRecord(String(row)), score: 0 })));
      },
    };
  }

  const options = {
    halves: [first, second] as const,
    target: 0.98,
    k: 10,
    rowOf: Number,
  };

  it('takes nothing that misses the target, and tells the recall of both halves', async () => {
    const tuned = expectOk(await tuneEffort({ ...options, store: storeThatNeeds([256, 256]) }));
    expect(tuned.chosen?.first.ef).toBeGreaterThanOrEqual(256);
    expect(tuned.chosen?.first.text.recall).toBe(1);
    expect(tuned.chosen?.second.text).toMatchObject({ recall: 1, queries: 60 });
    const low = tuned.curve.filter(({ ef }) => ef < 256);
    expect(low).toHaveLength(16);
    for (const { text } of low) expect(text.recall).toBeCloseTo(0.9);
  });

  it('chooses nothing when the other half never agrees', async () => {
    const tuned = expectOk(await tuneEffort({ ...options, store: storeThatNeeds([16, 10_000]) }));
    expect(tuned.chosen).toBeUndefined();
    expect(tuned.best?.text.recall).toBe(1);
  });
});
