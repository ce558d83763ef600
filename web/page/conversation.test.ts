import { describe, expect, test } from 'vitest';
import { parseQuery } from '../query-syntax.ts';
import { answerOf, createTestPage, settled } from './test-page.ts';

describe('a conversation', () => {
  test('makes a turn of what is entered, empties the box and says it in the address', async () => {
    const page = createTestPage();
    page.say('a dog');
    page.say('without people');
    expect(page.texts()).toEqual(['a dog', 'a dog -people']);
    expect(page.place()).toEqual(['a dog', 'a dog -people']);
    expect(page.conversation.input.value).toBe('');
    await settled();
    expect(page.ids()).toEqual(['1', '2', '3']);
    expect(page.asked.at(-1)).toMatchObject({ query: 'a dog', exclude: ['people'] });
  });

  test('finds the pictures that words point at', async () => {
    const page = createTestPage();
    page.say('a dog');
    await settled();
    page.say('more like the second but at night');
    await settled();
    expect(page.asked.at(-1)).toMatchObject({ query: 'at night', like: ['2'] });
  });

  test('searches while one types, and only for the newest', async () => {
    const page = createTestPage();
    page.conversation.type('a');
    page.conversation.type('a d');
    page.conversation.type('a dog');
    await expect.poll(() => page.asked.length).toBe(1);
    expect(page.asked[0]).toMatchObject({ query: 'a dog' });
    expect(page.conversation.committed.value).toEqual([]);
    expect(page.place()).toEqual(['a dog']);
    page.conversation.clear();
    expect(page.texts()).toEqual([]);
    expect(page.place()).toEqual([]);
    expect(page.browser.entries()).toEqual(['/', '/']);
  });

  test('never lets a late answer replace a newer one', async () => {
    const page = createTestPage('/?q=old', ({ query }) => answerOf([query === 'old' ? '8' : '9']));
    await settled();
    page.hold();
    const [turn] = page.conversation.turns.value;
    turn?.again();
    await settled();
    turn?.change({ ...turn.search.value, words: 'new' });
    await settled();
    await page.release();
    expect(page.ids()).toEqual(['9']);
  });

  test('edits the last turn in its place, and Escape leaves it as it was', async () => {
    const page = createTestPage();
    page.say('a dog');
    page.say('a cat');
    expect(page.conversation.editLast()).toBe(true);
    expect(page.conversation.input.value).toBe('a cat');
    page.conversation.type('a black cat');
    await expect.poll(() => page.texts()).toEqual(['a dog', 'a black cat']);
    page.conversation.clear();
    expect(page.texts()).toEqual(['a dog', 'a cat']);
    page.conversation.editLast();
    page.say('a white cat');
    expect(page.texts()).toEqual(['a dog', 'a white cat']);
    expect(page.conversation.editing.value).toBeUndefined();
  });

  test('keeps a filter that is chosen while a turn is edited', () => {
    const page = createTestPage('/?q=a+dog');
    page.conversation.editLast();
    const [turn] = page.conversation.turns.value;
    if (turn) page.conversation.change(turn, parseQuery('a dog category:food'));
    expect(page.conversation.input.value).toBe('a dog category:food');
    page.conversation.submit();
    expect(page.texts()).toEqual(['a dog category:food']);
  });

  test('does not repeat the last turn', () => {
    const page = createTestPage();
    page.say('a dog');
    page.say('a dog');
    expect(page.texts()).toEqual(['a dog']);
    expect(page.conversation.input.value).toBe('');
  });

  test('says what is missing, and asks for nothing', () => {
    const page = createTestPage();
    page.say('more like the second');
    expect(page.conversation.hint.value).toBe('There are no pictures above yet to be like.');
    page.say('-people');
    expect(page.conversation.hint.value).toBe('Say also what to look for.');
    expect(page.conversation.input.value).toBe('-people');
    expect(page.asked).toEqual([]);
  });

  test('enters nothing that the box does not say any more', async () => {
    const page = createTestPage();
    page.conversation.type('a dog');
    await expect.poll(() => page.texts()).toEqual(['a dog']);
    page.say('-people');
    expect(page.texts()).toEqual([]);
    expect(page.place()).toEqual([]);
    expect(page.conversation.input.value).toBe('-people');
    expect(page.conversation.hint.value).toBe('Say also what to look for.');
  });

  test('searches for what the server takes of a text that is far too long, and says so', async () => {
    const page = createTestPage();
    page.say('dog '.repeat(2500));
    await settled();
    const [turn] = page.conversation.turns.value;
    expect(page.asked[0]?.query?.length).toBeLessThanOrEqual(512);
    expect(turn?.search.value.ignored[0]?.reason).toMatch(/512/);
  });

  test('takes words literally where they were understood as a refinement', () => {
    const page = createTestPage();
    page.say('a dog');
    page.say('no parking');
    expect(page.texts()).toEqual(['a dog', 'a dog -parking']);
    const last = page.conversation.turns.value.at(-1);
    if (last) page.conversation.takeLiterally(last);
    expect(page.texts()).toEqual(['a dog', 'no parking']);
    expect(last?.understood.value).toBeUndefined();
    expect(page.place()).toEqual(['a dog', 'no parking']);
  });

  test('keeps what is being typed when more is wanted of what it found', async () => {
    const page = createTestPage('/?q=a+dog');
    page.conversation.type('a cat');
    await expect.poll(() => page.texts()).toEqual(['a dog', 'a cat']);
    page.conversation.moreLike('2');
    expect(page.texts()).toEqual(['a dog', 'a cat', 'like:2']);
    expect(page.place()).toEqual(page.texts());
    expect(page.conversation.input.value).toBe('');
    page.browser.history.go(-1);
    expect(page.texts()).toEqual(['a dog', 'a cat']);
  });

  test('keeps what was typed when the page is loaded again, and Back leads to it', async () => {
    const page = createTestPage('/?q=a+dog');
    page.conversation.type('a cat');
    await expect.poll(() => page.place()).toEqual(['a dog', 'a cat']);
    page.conversation.show();
    page.say('a horse');
    expect(page.texts()).toEqual(['a dog', 'a cat', 'a horse']);
    page.browser.history.go(-1);
    expect(page.texts()).toEqual(['a dog', 'a cat']);
  });

  test('removes a turn, and Back brings it back', () => {
    const page = createTestPage();
    page.say('a dog');
    page.say('a cat');
    const [first] = page.conversation.turns.value;
    if (first) page.conversation.remove(first);
    expect(page.texts()).toEqual(['a cat']);
    page.browser.history.go(-1);
    expect(page.texts()).toEqual(['a dog', 'a cat']);
  });

  test('is restored from its address, the newest turn first', async () => {
    const page = createTestPage('/?q=a+dog&q=a+dog+-people&image=5');
    await settled();
    expect(page.texts()).toEqual(['a dog', 'a dog -people']);
    expect(page.conversation.image.value).toBe('5');
    expect(page.asked).toHaveLength(1);
    expect(page.asked[0]).toMatchObject({ exclude: ['people'] });
    page.conversation.turns.value[0]?.start();
    await settled();
    expect(page.asked).toHaveLength(2);
    page.conversation.turns.value[0]?.start();
    await settled();
    expect(page.asked).toHaveLength(2);
  });

  test('keeps what it has found when Back leads to a turn that is still there', async () => {
    const page = createTestPage();
    page.say('a dog');
    await settled();
    page.say('a cat');
    await settled();
    page.browser.history.go(-1);
    expect(page.texts()).toEqual(['a dog']);
    expect(page.ids()).toEqual(['1', '2', '3']);
    expect(page.asked).toHaveLength(2);
  });

  test('keeps the newest twenty turns', () => {
    const page = createTestPage();
    for (let index = 0; index < 25; index += 1) page.say(`turn ${index}`);
    expect(page.texts()).toHaveLength(20);
    expect(page.texts().at(-1)).toBe('turn 24');
    expect(page.place()).toEqual(page.texts());
  });

  test('opens a picture within the conversation, whatever is being typed', async () => {
    const page = createTestPage('/?q=a+dog');
    page.conversation.type('a cat');
    await expect.poll(() => page.texts()).toEqual(['a dog', 'a cat']);
    page.conversation.follow({ turns: ['a cat'], image: '2' });
    expect(page.conversation.image.value).toBe('2');
    expect(page.texts()).toEqual(['a dog', 'a cat']);
    expect(page.conversation.input.value).toBe('');
    page.conversation.closeImage();
    expect(page.conversation.image.value).toBeNull();
    page.say('more like this');
    expect(page.texts().at(-1)).toBe('like:2');
  });
});
