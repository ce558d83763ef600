import { describe, expect, it } from 'vitest';
import { withPatience } from './patience.ts';

const longMs = 60_000;

describe('work with patience', () => {
  it('is waited for', async () => {
    let done = false;
    await withPatience(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      done = true;
    }, longMs)();
    expect(done).toBe(true);
  });

  it('is left alone when it takes too long, and until it has ended', async () => {
    const work = Promise.withResolvers<void>();
    let begun = 0;
    const run = withPatience(() => {
      begun += 1;
      return work.promise;
    }, 20);
    await run();
    await run();
    expect(begun).toBe(1);
    work.resolve();
    await work.promise;
    await new Promise((resolve) => setTimeout(resolve, 0));
    await run();
    expect(begun).toBe(2);
  });

  it('may fail', async () => {
    const run = withPatience(() => Promise.reject(new Error('Nobody there')), longMs);
    await run();
    await run();
    expect(await run()).toBeUndefined();
  });
});
