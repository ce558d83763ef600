import { expect, it } from 'vitest';
import { createRedisReport } from './redis-report.ts';

function startReport() {
  let nowMs = 0;
  const lines: string[] = [];
  const log = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) =>
    void lines.push(`${level} ${String(fields['redis'])} ${message.split(' ', 3).join(' ')}`);
  const logger = { info: log('info'), warn: log('warn') };
  const report = createRedisReport({ address: 'host:1', logger, now: () => nowMs });
  return { report, lines, pass: (ms: number) => void (nowMs += ms) };
}

it('says once that Redis is gone, and once that it is back', () => {
  const { report, lines } = startReport();
  for (let times = 0; times < 5; times++) report.lost('refused');
  for (let times = 0; times < 5; times++) report.back();
  expect(lines).toEqual(['warn host:1 Cannot use Redis', 'info host:1 Redis answers']);
});

it('says little of a Redis that comes and goes, and that it is gone when it stays away', () => {
  const { report, lines, pass } = startReport();
  for (let times = 0; times < 50; times++) {
    report.lost('refused');
    report.back();
    pass(100);
  }
  expect(lines).toHaveLength(2);
  for (let times = 0; times < 100; times++) {
    report.lost('refused');
    pass(100);
  }
  expect(lines).toHaveLength(3);
});

it('says every kind of refusal once in a while', () => {
  const { report, lines, pass } = startReport();
  for (let times = 0; times < 150; times++) {
    report.refused('OOM', 'OOM command not allowed');
    report.refused('READONLY', 'READONLY You can not write');
    pass(100);
  }
  expect(lines).toHaveLength(4);
});
