import { describe, expect, it } from 'vitest';
import { readDeadlineMs } from './deadline.ts';

describe('the deadline of a request', () => {
  it.each([
    [undefined, 10_000],
    ['812', 812],
    ['10000', 10_000],
    ['10001', 10_000],
    ['0', 1],
    ['', 10_000],
    ['-5', 10_000],
    ['1e9', 10_000],
    ['12.5', 10_000],
    ['soon', 10_000],
    ['9'.repeat(30), 10_000],
  ])('is what the caller says, within bounds: %s', (header, expected) => {
    expect(readDeadlineMs(header, 10_000)).toBe(expected);
  });
});
