import { describe, expect, it } from 'vitest';
import { createSpokenText } from './spoken-text.ts';

const spoken = (...pieces: readonly string[]) => pieces.map(createSpokenText()).join('');

describe('what a model says', () => {
  it.each([
    ['They fit.', 'They fit.'],
    ['<think>Do they?\nYes.</think>They fit.', 'They fit.'],
    [' \n<reasoning>Do <they>?</reasoning>\n\nThey fit.', '\n\nThey fit.'],
    ['They <think>fit</think>.', 'They <think>fit</think>.'],
    ['<thin ice>', '<thin ice>'],
    ['<think>and on and on', ''],
  ])('is of %j: %j, wherever it is cut', (text, said) => {
    expect(spoken(text)).toBe(said);
    expect(spoken(...text)).toBe(said);
  });
});
