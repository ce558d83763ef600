import { describe, expect, it } from 'vitest';
import type { QueueMessage } from '../core/queue.ts';
import { ageOf, createMessageGroups, describeGroups } from './redrive-groups.ts';

function messageOf(more: Partial<QueueMessage>): QueueMessage {
  return { id: '1', receipt: '1', body: '{}', sentAtMs: 0, receives: 1, ...more };
}

describe('groups of dead letters', () => {
  it('have a count, the oldest, the newest and three examples', () => {
    const groups = createMessageGroups();
    for (let n = 0; n < 100; n += 1) {
      const reason = `timeout: Cannot wait for ${n}`;
      groups.add(messageOf({ sentAtMs: (n * 37) % 100, reason, body: `body ${n}` }));
    }
    const [group] = groups.all();
    expect(group).toMatchObject({ code: 'timeout', count: 100, oldestMs: 0, newestMs: 99 });
    expect(group?.examples.map(({ about }) => about)).toEqual(['body 0', 'body 1', 'body 2']);
  });

  it('are no more than fifty, whatever is in the queue', () => {
    const groups = createMessageGroups();
    for (let n = 0; n < 5000; n += 1) groups.add(messageOf({ reason: `code${n}: x` }));
    expect(groups.all()).toHaveLength(51);
    expect(groups.all()[0]).toMatchObject({ code: 'other', count: 4950 });
  });

  it('show no more of a body than fits a line', () => {
    const groups = createMessageGroups();
    groups.add(messageOf({ body: `a\nb\u0007${'x'.repeat(500)}` }));
    const text = describeGroups(groups.all(), 1000);
    expect(text).toContain(`\n  a b ${'x'.repeat(96)}…\n`);
  });

  it.each([
    [0, '0 s'],
    [59_400, '59 s'],
    [61_000, '1 min'],
    [3_600_000 * 2 + 300_000, '2 h 5 min'],
    [3_600_000 * 76, '3 d 4 h'],
    [-5000, '0 s'],
  ])('say %i ms as %s', (ms, text) => {
    expect(ageOf(ms)).toBe(text);
  });
});
