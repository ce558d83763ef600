import { describe, expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const good = `00-${traceId}-${spanId}-01`;

describe('a traceparent', () => {
  it('names a trace, a span, and whether they are kept', () => {
    expect(parseTraceparent(good)).toEqual({ traceId, spanId, sampled: true });
    for (const [flags, sampled] of [
      ['00', false],
      ['02', false],
      ['03', true],
      ['ff', true],
    ] as const) {
      expect(parseTraceparent(`00-${traceId}-${spanId}-${flags}`)).toMatchObject({ sampled });
    }
  });

  it('may be of a later version, and go on', () => {
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01`)).toMatchObject({ traceId });
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-the-future-holds`)).toMatchObject({
      spanId,
    });
  });

  it.each([
    '',
    'garbage',
    `${good}-more`,
    `${good} `,
    ` ${good}`,
    `${good},${good}`,
    `cc-${traceId}-${spanId}-01more`,
    `ff-${traceId}-${spanId}-01`,
    `0-${traceId}-${spanId}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId}-0`,
    `00-${traceId}-${spanId}-0g`,
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01\n`,
  ])('is not %j', (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  it('is read as it was written', () => {
    for (const sampled of [true, false]) {
      const parent = { traceId, spanId, sampled };
      expect(parseTraceparent(formatTraceparent(parent))).toEqual(parent);
    }
  });
});
