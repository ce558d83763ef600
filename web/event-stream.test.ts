import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventParser } from './event-stream.ts';
import type { StreamEvent } from './event-stream.ts';

function parse(...pieces: readonly string[]): StreamEvent[] {
  const push = createEventParser();
  return pieces.flatMap((piece) => push(piece));
}

describe('a stream of events', () => {
  it('gives each event with its name and its data', () => {
    expect(parse('event: results\ndata: {"a": 1}\n\nevent: done\ndata: {}\n\n')).toEqual([
      { name: 'results', data: '{"a": 1}' },
      { name: 'done', data: '{}' },
    ]);
  });

  it('has comments, and fields that nobody uses, which are no events', () => {
    expect(parse(': waiting\n\nid: 7\nretry: 3\n\n: more\ndata: x\nid\n\n')).toEqual([
      { name: 'message', data: 'x' },
    ]);
  });

  it('joins the lines of one event, and takes one space alone from their beginning', () => {
    expect(parse('data:  one\ndata:two\ndata\n\n')).toEqual([
      { name: 'message', data: ' one\ntwo\n' },
    ]);
  });

  it('may begin with a byte order mark', () => {
    expect(parse('\ufeffdata: x\n\n')).toEqual([{ name: 'message', data: 'x' }]);
  });

  it('leaves out an event that was not ended', () => {
    expect(parse('data: x\n\ndata: half\n')).toEqual([{ name: 'message', data: 'x' }]);
  });

  it('is the same wherever it is cut, and whatever its lines end with', () => {
    const line = fc.constantFrom(
      'event: results',
      'data: {"text": "ü"}',
      'data',
      ': keep',
      '',
      '',
      'id: 1',
    );
    const text = fc
      .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')))
      .map((lines) => lines.map((parts) => parts.join('')).join(''));
    const cuts = fc.array(fc.nat(60));
    fc.assert(
      fc.property(text, cuts, (whole, lengths) => {
        const pieces: string[] = [];
        let rest = whole;
        for (const length of lengths) {
          pieces.push(rest.slice(0, length));
          rest = rest.slice(length);
        }
        expect(parse(...pieces, rest)).toEqual(parse(whole));
        // An independent reading: line ends alike, then blocks.
        const blocks = whole
          .replaceAll(/\r\n|\r/g, '\n')
          .split('\n\n')
          .slice(0, -1);
        const withData = blocks.filter((block) => /^data/m.test(block));
        expect(parse(whole)).toHaveLength(withData.length);
      }),
    );
  });

  it('is given up where one event has no end', () => {
    const push = createEventParser(100);
    expect(push('data: short\n\n')).toHaveLength(1);
    push(`data: ${'x'.repeat(60)}`);
    expect(() => push('x'.repeat(60))).toThrow(/over 100 characters/);
    const lines = createEventParser(100);
    expect(() => lines('data: 0123456789\n'.repeat(10))).toThrow(/over 100 characters/);
  });

  it('may be as long as it likes where its events are short', () => {
    const push = createEventParser(100);
    for (let each = 0; each < 50; each++)
      expect(push('data: 0123456789\n\n: idle\n')).toHaveLength(1);
  });
});
