import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createMemoryQuota } from '../adapters/memory-quota.ts';
import { createTestGuard } from '../test/support/explained.ts';
import { type Async, failure, type FailureCode } from './failure.ts';
import { err, ok } from './result.ts';

const usage = { inputTokens: 1000, outputTokens: 100 };
const answers = async () => ok({ usage, text: 'yes' });
const fails = (code: FailureCode) => async () => err(failure(code, `Cannot, as of ${code}`));
const never = (signal: AbortSignal): Async<never> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(err(failure('timeout', 'left'))));
  });
/** Does not hear of its signal. */
const deaf = (): Async<never> => new Promise(() => {});
const { signal } = new AbortController();

describe('a guarded question', () => {
  it('gives the value, what it cost, and counts it', async () => {
    const { guard, outcomes, quotas } = createTestGuard();
    const reply = await guard.ask(answers, signal);
    expect(reply.value?.text).toBe('yes');
    expect(reply.outcome).toEqual({
      outcome: 'ok',
      cached: false,
      input_tokens: 1000,
      output_tokens: 100,
      cost_usd: 0.0014,
    });
    expect(outcomes).toEqual([reply.outcome]);
    expect(quotas).toEqual([{ used: 1, limit: 1000 }]);
  });

  it('has no price where none is set, and costs nothing where it was asked before', async () => {
    const { guard } = createTestGuard({ priceOf: () => null });
    expect((await guard.ask(answers, signal)).outcome.cost_usd).toBeNull();
    const { guard: priced, outcomes } = createTestGuard();
    const recalled = { outcome: 'ok', cached: true, input_tokens: 0, cost_usd: 0 };
    expect(priced.recall()).toMatchObject(recalled);
    expect(outcomes).toMatchObject([recalled]);
  });

  it.each([
    ['llm_unavailable', 'unavailable'],
    ['llm_unusable', 'unusable'],
    ['timeout', 'timeout'],
    ['objects_unavailable', 'unavailable'],
  ] as const)('that fails with %s is %s', async (code, outcome) => {
    const { guard, outcomes } = createTestGuard();
    const reply = await guard.ask(fails(code), signal);
    expect(reply).toEqual({ outcome: expect.objectContaining({ outcome, cost_usd: null }) });
    expect(outcomes).toEqual([reply.outcome]);
  });

  it('that nobody waits for any more is counted as no failure of the model', async () => {
    const { guard, outcomes } = createTestGuard();
    const leaving = new AbortController();
    const reply = guard.ask(deaf, leaving.signal);
    leaving.abort();
    expect((await reply).value).toBeUndefined();
    expect(outcomes).toEqual([]);
    await guard.ask(deaf, AbortSignal.timeout(5));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['timeout']);
  });

  it('that was paid for without use says both', async () => {
    const { guard } = createTestGuard();
    const unusable = async () => ok({ usage, outcome: 'unusable' as const });
    expect((await guard.ask(unusable, signal)).outcome).toMatchObject({
      outcome: 'unusable',
      input_tokens: 1000,
      cost_usd: 0.0014,
    });
  });

  it('that runs into a bug is unusable, and the log has the bug', async () => {
    const { guard, log } = createTestGuard();
    const buggy = async () => Promise.reject(new Error('a bug'));
    expect(await guard.ask(buggy, signal)).toMatchObject({ outcome: { outcome: 'unusable' } });
    expect(log.lines).toEqual([
      { level: 'warn', message: 'Cannot ask the language model as of a bug' },
    ]);
  });
});

describe('the deadline of a guarded question', () => {
  it.each([
    ['hears its signal', never],
    ['does not hear its signal', deaf],
  ])('ends what %s', async (_, work) => {
    const { guard } = createTestGuard({ timeoutMs: 30 });
    expect((await guard.ask(work, signal)).outcome.outcome).toBe('timeout');
  });

  it('is that of whoever asks, where it comes first', async () => {
    const { guard } = createTestGuard();
    const reply = await guard.ask(deaf, AbortSignal.timeout(30));
    expect(reply.outcome.outcome).toBe('timeout');
    const gone = await guard.ask(async () => ok({ usage }), AbortSignal.abort());
    expect(gone.value).toBeUndefined();
  });

  it('is over for the work too', async () => {
    const { guard } = createTestGuard({ timeoutMs: 20 });
    let seen: AbortSignal | undefined;
    await guard.ask((own) => {
      seen = own;
      return deaf();
    }, signal);
    expect(seen?.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('harms nobody when the work fails after it', async () => {
    const { guard } = createTestGuard({ timeoutMs: 10 });
    const late = async () => {
      await sleep(40);
      throw new Error('too late');
    };
    expect((await guard.ask(late, signal)).outcome.outcome).toBe('timeout');
    // An unhandled rejection would end the test run.
    await sleep(60);
  });
});

describe('the circuit breaker of a guard', () => {
  it('opens after five questions without an answer, and lets a probe through', async () => {
    let timeMs = 0;
    let asked = 0;
    const { guard } = createTestGuard({ now: () => timeMs, probeEveryMs: 10_000 });
    const ask = (work: () => Async<{ usage: typeof usage }>) =>
      guard.ask(() => {
        asked += 1;
        return work();
      }, signal);
    for (let count = 0; count < 8; count += 1) await ask(fails('llm_unavailable'));
    expect(asked).toBe(5);
    timeMs = 10_000;
    expect((await ask(fails('llm_unavailable'))).outcome.outcome).toBe('unavailable');
    await ask(answers);
    expect(asked).toBe(6);
    timeMs = 20_000;
    expect((await ask(answers)).outcome.outcome).toBe('ok');
    expect((await ask(answers)).outcome.outcome).toBe('ok');
    expect(asked).toBe(8);
  });

  it('counts deadlines that passed, and not those who left', async () => {
    const { guard, outcomes } = createTestGuard({ timeoutMs: 5 });
    for (let count = 0; count < 6; count += 1) await guard.ask(deaf, signal);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      ...Array.from({ length: 5 }, () => 'timeout'),
      'unavailable',
    ]);
    const { guard: other } = createTestGuard();
    for (let count = 0; count < 10; count += 1) await other.ask(deaf, AbortSignal.timeout(1));
    expect((await other.ask(answers, signal)).outcome.outcome).toBe('ok');
  });

  it('takes an answer that is of no use for an answer', async () => {
    const { guard } = createTestGuard();
    for (let count = 0; count < 10; count += 1) await guard.ask(fails('llm_unusable'), signal);
    for (let count = 0; count < 10; count += 1) await guard.ask(fails('not_found'), signal);
    expect((await guard.ask(answers, signal)).outcome.outcome).toBe('ok');
  });

  it('takes none of the quota while it is open', async () => {
    const { guard, quotas } = createTestGuard();
    for (let count = 0; count < 20; count += 1) await guard.ask(fails('llm_unavailable'), signal);
    expect(quotas).toHaveLength(5);
  });
});

describe('the bound of a guard', () => {
  it('lets so many questions be under way, and no more', async () => {
    const { guard } = createTestGuard({ maxCalls: 2 });
    const ends: (() => void)[] = [];
    const held = () =>
      new Promise<Awaited<ReturnType<typeof answers>>>((resolve) => {
        ends.push(() => resolve(ok({ usage, text: 'yes' })));
      });
    const first = [guard.ask(held, signal), guard.ask(held, signal)];
    expect((await guard.ask(answers, signal)).outcome.outcome).toBe('unavailable');
    for (const end of ends) end();
    await Promise.all(first);
    expect((await guard.ask(answers, signal)).outcome.outcome).toBe('ok');
  });

  it('keeps the place of work that was broken off and has not ended', async () => {
    const { guard } = createTestGuard({ maxCalls: 1, timeoutMs: 10 });
    expect((await guard.ask(deaf, signal)).outcome.outcome).toBe('timeout');
    expect((await guard.ask(answers, signal)).outcome.outcome).toBe('unavailable');
  });
});

describe('the quota of a guard', () => {
  it('is warned of once at 80 %, and at its end', async () => {
    const { guard, log, outcomes } = createTestGuard({ quota: createMemoryQuota({ limit: 10 }) });
    const seen: number[] = [];
    for (let count = 1; count <= 13; count += 1) {
      await guard.ask(answers, signal);
      if (log.lines.length > seen.length) seen.push(count);
    }
    expect(seen).toEqual([8, 10]);
    expect(log.lines.map(({ message }) => message)).toEqual([
      'Most of the quota of the language model is used for today',
      'The quota of the language model is used up for today',
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      ...Array.from({ length: 10 }, () => 'ok'),
      ...Array.from({ length: 3 }, () => 'quota_exhausted'),
    ]);
  });

  it('that fails itself ends no search', async () => {
    const { guard } = createTestGuard({ quota: { take: () => Promise.reject(new Error('bug')) } });
    expect((await guard.ask(answers, signal)).outcome.outcome).toBe('unusable');
  });
});

it('says of the same failure once a minute', async () => {
  let timeMs = 0;
  const { guard, log } = createTestGuard({ now: () => timeMs });
  for (let count = 0; count < 5; count += 1) await guard.ask(fails('llm_unusable'), signal);
  expect(log.lines).toHaveLength(1);
  timeMs = 60_000;
  await guard.ask(fails('llm_unusable'), signal);
  expect(log.lines).toHaveLength(2);
});
