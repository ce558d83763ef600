import { describe, expect, it } from 'vitest';
import { createLog } from '../../test/support/search-app.ts';
import { createShowChanges } from './show-changes.ts';

const { signal } = new AbortController();

function create(answers: boolean[]) {
  const log = createLog();
  let calls = 0;
  const endSoon = async () => {
    calls += 1;
    return answers.shift() ?? true;
  };
  const show = createShowChanges({ generation: { endSoon }, logger: log, tries: 3, waitMs: 1 });
  return { show, log, calls: () => calls };
}

describe('changes that searches are to see', () => {
  it('end the generation, and nothing else does', async () => {
    const { show, calls } = create([]);
    await show(false, signal);
    expect(calls()).toBe(0);
    await show(true, signal);
    await show(false, signal);
    expect(calls()).toBe(1);
  });

  it('are told again for a moment, until the cache answers', async () => {
    const { show, calls, log } = create([false, false, true]);
    await show(true, signal);
    expect(calls()).toBe(3);
    expect(log.lines).toEqual([]);
    await show(false, signal);
    expect(calls()).toBe(3);
  });

  it('are owed where it does not answer, and told with whatever comes next', async () => {
    const { show, calls, log } = create([false, false, false, false, true]);
    await show(true, signal);
    expect(calls()).toBe(3);
    expect(log.lines).toHaveLength(1);
    // Nobody waits for it any more, and nobody reads the same again.
    await show(true, signal);
    expect(calls()).toBe(4);
    expect(log.lines).toHaveLength(1);
    await show(false, signal);
    expect(calls()).toBe(5);
    await show(false, signal);
    expect(calls()).toBe(5);
  });

  it('that came while others were told are told too', async () => {
    const waiting: PromiseWithResolvers<boolean>[] = [];
    const endSoon = () => {
      waiting.push(Promise.withResolvers<boolean>());
      return waiting.at(-1)?.promise ?? Promise.resolve(false);
    };
    const show = createShowChanges({ generation: { endSoon }, logger: createLog(), tries: 1 });
    const first = show(true, signal);
    const second = show(true, signal);
    waiting[1]?.resolve(false);
    await second;
    waiting[0]?.resolve(true);
    await first;
    const third = show(false, signal);
    expect(waiting).toHaveLength(3);
    waiting[2]?.resolve(true);
    await third;
  });
});
