import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Quota } from '../../core/llm.ts';

export interface QuotaUnderTest {
  /** One of which nothing was taken yet. */
  create(limit: number, epochMs: () => number): Promise<Quota> | Quota;
  close?(): void;
}

const noon = Date.UTC(2030, 0, 31, 12);
const hourMs = 3_600_000;

/** What every quota does, whatever counts it. */
export function describeQuota(name: string, open: () => Promise<QuotaUnderTest>): void {
  describe(`${name} is a quota`, () => {
    let underTest: QuotaUnderTest;
    let nowMs: number;

    beforeEach(async () => {
      underTest = await open();
      nowMs = noon;
    });
    afterEach(() => underTest.close?.());

    const create = (limit: number) => underTest.create(limit, () => nowMs);
    const used = async (quota: Quota) => (await quota.take())?.used;

    it('gives as many as there are, and says how many are used', async () => {
      const quota = await create(3);
      expect(await quota.take()).toEqual({ used: 1, limit: 3 });
      expect([await used(quota), await used(quota)]).toEqual([2, 3]);
      expect([await used(quota), await used(quota)]).toEqual([undefined, undefined]);
    });

    it('gives each of them once to those who come at once', async () => {
      const quota = await create(20);
      const taken = await Promise.all(Array.from({ length: 30 }, () => used(quota)));
      const given = taken.filter((count) => count !== undefined);
      expect(given.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    });

    it('begins anew at midnight, by UTC, and not before', async () => {
      const quota = await create(1);
      expect(await used(quota)).toBe(1);
      nowMs = noon + 12 * hourMs - 1;
      expect(await used(quota)).toBeUndefined();
      nowMs += 1;
      expect(await used(quota)).toBe(1);
      expect(await used(quota)).toBeUndefined();
    });
  });
}
