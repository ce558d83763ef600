import { expect, it } from 'vitest';
import { abortFailure, failures } from './failure.ts';

it('gives every failure a status of the client or the server, and a title', () => {
  for (const { status, title } of Object.values(failures)) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).not.toBe('');
  }
});

it('lets a caller retry what is the fault of the moment', () => {
  const retried = Object.entries(failures).filter(([, { retry }]) => retry);
  expect(retried.map(([code]) => code)).toContain('overloaded');
  expect(failures.image_corrupt.retry).toBe(false);
});

it('tells a deadline from a caller who left', async () => {
  const deadline = AbortSignal.timeout(1);
  await new Promise((resolve) => deadline.addEventListener('abort', resolve));
  expect(abortFailure(deadline).code).toBe('timeout');
  expect(abortFailure(AbortSignal.abort()).code).toBe('cancelled');
});
