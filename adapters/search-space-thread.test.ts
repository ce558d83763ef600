import { describe, expect, it } from 'vitest';
import { computeSearchSpace } from '../core/compute-search-space.ts';
import type { Result } from '../core/result.ts';
import { randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { computeSearchSpaceAside } from './search-space-thread.ts';

const random = seededRandom(3);
const vectors = (count: number) => Array.from({ length: count }, () => randomVector(random, 32));

describe('A search space computed in a thread of its own', () => {
  it('is the one that is computed here', async () => {
    const samples = { images: vectors(200), texts: vectors(100) };
    const aside = valueOf(await computeSearchSpaceAside(samples));
    expect(aside.id).toBe(valueOf(computeSearchSpace(samples)).id);
  });

  it('says what is wrong with the samples', async () => {
    const none = await computeSearchSpaceAside({ images: [], texts: vectors(3) });
    expect(none).toMatchObject({ ok: false, error: expect.stringContaining('no image vector') });
  });
});

function valueOf<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}
