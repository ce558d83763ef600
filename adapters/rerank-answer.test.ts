import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRerankAnswer } from './rerank-answer.ts';

const read = (answer: string, count = 10) => readRerankAnswer(answer, count).join(' ');

describe('the answer of a model that names pictures', () => {
  it.each([
    ['as it should be', '{"best": [3, 1, 10]}', '3 1 10'],
    ['a list alone', '[3, 1]', '3 1'],
    ['in a code fence', '```json\n{"best": [3, 1]}\n```', '3 1'],
    ['with words round it', 'Sure! Here it is:\n{"best":[3,1]}\nAnything else?', '3 1'],
    ['numbers as texts', '{"best": ["3", "picture 1", "#2", "4."]}', '3 1 2 4'],
    ['more than was asked for', '{"best": [3], "why": "a dog"}', '3'],
  ])('is understood: %s', (_, answer, numbers) => expect(read(answer)).toBe(numbers));

  it.each([
    ['numbers of no picture', '{"best": [0, 11, -1, 2.5, 1e9, "11", "0"]}'],
    ['other things', '{"best": [null, {}, [], true, "the second", "", "1 or 2"]}'],
    ['an id', '{"best": ["9407886542338561923"]}'],
    ['no list', '{"best": 3}'],
    ['another field', '{"order": [3]}'],
    ['half of it', '{"best": [3, 1'],
    ['words', 'I would choose the third.'],
    ['nothing', ''],
    ['a value alone', 'null'],
  ])('has nothing in it: %s', (_, answer) => expect(read(answer)).toBe(''));

  it('keeps what makes sense of what does not', () => {
    expect(read('{"best": [11, 3, "x", 2]}')).toBe('3 2');
  });

  it('names pictures that are there, whatever it says, and never throws', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((json) => `{"best":${json}}`),
      fc.array(fc.oneof(fc.integer(), fc.string())).map((best) => JSON.stringify({ best })),
    );
    const property = fc.property(text, fc.nat(10), (answer, count) => {
      const numbers = readRerankAnswer(answer, count);
      const isThere = (number: number) =>
        Number.isInteger(number) && number >= 1 && number <= count;
      expect(numbers.every(isThere)).toBe(true);
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
