import { describe, expect, it } from 'vitest';
import { createCircuitBreaker } from './circuit-breaker.ts';

function createBroken(failures = 3) {
  let time = 0;
  const breaker = createCircuitBreaker({ failures, probeEveryMs: 1000, now: () => time });
  for (let i = 0; i < failures; i += 1) breaker.enter()?.unanswered();
  return { breaker, pass: (milliseconds: number) => (time += milliseconds) };
}

describe('a circuit breaker', () => {
  it('lets everybody through until nobody has answered for long', () => {
    const breaker = createCircuitBreaker({ failures: 3, now: () => 0 });
    for (let i = 0; i < 10; i += 1) {
      breaker.enter()?.unanswered();
      breaker.enter()?.unanswered();
      breaker.enter()?.answered();
    }
    expect([breaker.isOpen(), breaker.waitMs()]).toEqual([false, 0]);
    for (let i = 0; i < 3; i += 1) breaker.enter()?.unanswered();
    expect(breaker.isOpen()).toBe(true);
    expect(breaker.enter()).toBeUndefined();
  });

  it('says how long it is not worth asking', () => {
    const { breaker, pass } = createBroken();
    expect(breaker.waitMs()).toBe(1000);
    pass(400);
    expect(breaker.waitMs()).toBe(600);
    expect(breaker.enter()).toBeUndefined();
    pass(10_000);
    expect(breaker.waitMs()).toBe(0);
  });

  it('lets one probe through per interval, and closes when it is answered', () => {
    const { breaker, pass } = createBroken();
    pass(1000);
    const probe = breaker.enter();
    expect(probe).toBeDefined();
    expect(breaker.enter()).toBeUndefined();
    probe?.unanswered();
    expect(breaker.waitMs()).toBe(1000);
    pass(1000);
    breaker.enter()?.answered();
    expect(breaker.isOpen()).toBe(false);
    expect([breaker.enter(), breaker.enter()]).not.toContain(undefined);
  });

  it('probes again when a probe hangs or was broken off', () => {
    const { breaker, pass } = createBroken();
    pass(1000);
    expect(breaker.enter()).toBeDefined();
    pass(999);
    expect(breaker.enter()).toBeUndefined();
    pass(1);
    expect(breaker.enter()).toBeDefined();
  });

  it('stays as long open when those that were under way fail too', () => {
    let time = 0;
    const breaker = createCircuitBreaker({ failures: 2, probeEveryMs: 1000, now: () => time });
    const early = Array.from({ length: 10 }, () => breaker.enter());
    early[0]?.unanswered();
    early[1]?.unanswered();
    time = 900;
    for (const passage of early.slice(2)) passage?.unanswered();
    expect(breaker.waitMs()).toBe(100);
  });

  it('closes for an answer that comes late', () => {
    const breaker = createCircuitBreaker({ failures: 1, now: () => 0 });
    const late = breaker.enter();
    breaker.enter()?.unanswered();
    expect(breaker.isOpen()).toBe(true);
    late?.answered();
    expect(breaker.isOpen()).toBe(false);
  });
});
