import { describe, expect, test } from 'vitest';
import type { SearchResponse } from '../../core/model.ts';
import { answerOf, createTestPage, settled } from './test-page.ts';

describe('the results of a turn', () => {
  const pages: Readonly<Record<string, SearchResponse>> = {
    '*': answerOf(['1', '2'], 'b'),
    b: answerOf(['3', '4'], 'c'),
  };
  const expired = { code: 'cursor_expired', status: 410 };

  test('go on page by page', async () => {
    const page = createTestPage(
      '/?q=dog',
      ({ cursor = '*' }) => pages[cursor ?? ''] ?? answerOf(['5']),
    );
    const [turn] = page.conversation.turns.value;
    await settled();
    turn?.more();
    turn?.more();
    await settled();
    expect(page.ids()).toEqual(['1', '2', '3', '4']);
    turn?.more();
    await settled();
    turn?.more();
    await settled();
    expect(page.ids()).toEqual(['1', '2', '3', '4', '5']);
    expect(page.asked).toHaveLength(3);
  });

  test('are no list until somebody wants more, and then go on past what is shown', async () => {
    const ids = (count: number) => Array.from({ length: count }, (_, at) => String(at));
    const page = createTestPage('/?q=dog', ({ cursor, top_k }) => {
      if (cursor === undefined) return answerOf(ids(24));
      return cursor === '*' ? answerOf(ids(top_k ?? 0), 'b') : answerOf(['last']);
    });
    const [turn] = page.conversation.turns.value;
    await settled();
    turn?.more();
    await settled();
    expect(page.ids()).toEqual(ids(48));
    turn?.more();
    await settled();
    expect(page.ids()).toEqual([...ids(48), 'last']);
    expect(page.asked.map(({ cursor }) => cursor)).toEqual([undefined, '*', 'b']);
    expect(turn?.view.value.found?.nextCursor).toBeNull();
  });

  test('go on from what is shown where their list is gone', async () => {
    const page = createTestPage('/?q=dog', ({ cursor = '*', top_k }) => {
      if (cursor !== '*') return expired;
      return (top_k ?? 0) > 24 ? answerOf(['2', '1', '3'], null) : answerOf(['1', '2'], 'b');
    });
    await settled();
    page.conversation.turns.value[0]?.more();
    await settled();
    expect(page.ids()).toEqual(['1', '2', '3']);
    expect(page.conversation.turns.value[0]?.view.value.more).toBe('idle');
  });

  test('stay where the next page fails, and can be asked for again', async () => {
    const failing = { code: 'overloaded', status: 503 };
    let isDown = true;
    const page = createTestPage('/?q=dog', ({ cursor = '*' }) => {
      if (cursor === '*') return answerOf(['1'], 'b');
      return isDown ? failing : answerOf(['2']);
    });
    const [turn] = page.conversation.turns.value;
    await settled();
    turn?.more();
    await settled();
    expect(page.ids()).toEqual(['1']);
    expect(turn?.view.value.more).toMatchObject({ title: 'No' });
    isDown = false;
    turn?.more();
    await settled();
    expect(page.ids()).toEqual(['1', '2']);
  });

  test('may be less certain on demand, after those that are shown', async () => {
    const page = createTestPage('/?q=dog', ({ score_threshold }) =>
      answerOf(score_threshold === 'auto' ? ['1', '2'] : ['1', '2', '3', '4']),
    );
    const [turn] = page.conversation.turns.value;
    await settled();
    expect(turn?.view.value.found?.isCut).toBe(true);
    turn?.showLessCertain();
    await settled();
    expect(page.ids()).toEqual(['1', '2', '3', '4']);
    expect(turn?.view.value.found?.isCut).toBe(false);
  });

  test('lose a picture that was removed, and are asked for again after a failure', async () => {
    let isDown = false;
    const page = createTestPage('/?q=dog', () =>
      isDown ? { code: 'overloaded', status: 503 } : answerOf(['1', '2']),
    );
    const [turn] = page.conversation.turns.value;
    await settled();
    page.conversation.forget('1');
    expect(page.ids()).toEqual(['2']);
    isDown = true;
    turn?.again();
    await settled();
    expect(turn?.view.value).toMatchObject({ status: 'failed', notice: { text: 'Not now.' } });
    isDown = false;
    turn?.again();
    await settled();
    expect(page.ids()).toEqual(['1', '2']);
  });
});

describe('an explanation', () => {
  const outcome = { cached: false, input_tokens: 0, output_tokens: 0, cost_usd: null };

  /** A turn that is being explained. */
  async function explaining() {
    const page = createTestPage('/');
    page.wishes.explanation = true;
    page.say('a dog');
    await settled();
    const [turn] = page.conversation.turns.value;
    const stream = page.streams.at(-1);
    if (!turn || !stream) throw new Error('Cannot test as nothing is explained');
    return { page, stream, view: () => turn.view.value };
  }

  test('comes piece by piece after the results', async () => {
    const { stream, view } = await explaining();
    expect(view().explanation).toEqual({ step: 'waiting' });
    stream.onResults?.(answerOf(['1']));
    expect(view()).toMatchObject({ status: 'shown', explanation: { step: 'waiting' } });
    stream.onExplanation?.('Two ');
    stream.onExplanation?.('dogs.');
    expect(view().explanation).toEqual({ step: 'streaming', text: 'Two dogs.' });
  });

  test('is whole at the end', async () => {
    const { stream, view } = await explaining();
    const value = { ...answerOf(['1']), explanation: 'Two dogs.\n' };
    stream.end({ ok: true, value });
    await settled();
    expect(view().explanation).toEqual({ step: 'done', text: 'Two dogs.' });
  });

  test.each([
    ['quota_exhausted', /enough for today/],
    ['timeout', /took too long/],
    ['unavailable', /does not answer/],
    ['off', /has no language model/],
  ] as const)('says why it is missing: %s', async (why, reason) => {
    const { stream, view } = await explaining();
    const llm = { explanation: { ...outcome, outcome: why } };
    stream.end({ ok: true, value: { ...answerOf(['1']), llm } });
    await settled();
    expect(view().explanation).toMatchObject({
      step: 'missing',
      reason: expect.stringMatching(reason),
    });
    expect(view().found?.hits).toHaveLength(1);
  });

  test('leaves what was loaded while it came', async () => {
    const { page, stream, view } = await explaining();
    stream.onResults?.(answerOf(['1', '9'], 'b'));
    page.conversation.turns.value[0]?.more();
    await settled();
    expect(page.ids()).toEqual(['1', '9', '2', '3']);
    stream.onResults?.(answerOf(['9', '1'], 'b'));
    expect(page.ids()).toEqual(['9', '1', '2', '3']);
    stream.end({ ok: true, value: { ...answerOf(['9', '1'], 'b'), explanation: 'Two.' } });
    await settled();
    expect(page.ids()).toEqual(['9', '1', '2', '3']);
    expect(view().found?.nextCursor).toBeNull();
  });

  test('that breaks off leaves the results', async () => {
    const { stream, view } = await explaining();
    const partial = answerOf(['1']);
    stream.onResults?.(partial);
    const about = { type: '', title: '', detail: '', request_id: '', errors: [], status: 0 };
    stream.end({ ok: false, problem: { ...about, code: 'unreachable' }, partial });
    await settled();
    expect(view()).toMatchObject({ status: 'shown', explanation: { step: 'missing' } });
  });

  test('of an old question is not shown', async () => {
    const { page, stream, view } = await explaining();
    page.conversation.turns.value[0]?.again();
    await settled();
    stream.onResults?.(answerOf(['7']));
    stream.onExplanation?.('Old.');
    expect(view()).toMatchObject({ found: undefined, explanation: { step: 'waiting' } });
  });

  test('is one question where Enter comes before the results', async () => {
    const { page } = await explaining();
    expect(page.asked).toHaveLength(1);
  });

  test('is not asked for while one types', async () => {
    const page = createTestPage('/');
    page.wishes.explanation = true;
    page.conversation.type('a dog');
    await expect.poll(() => page.asked.length).toBe(1);
    expect(page.asked[0]).not.toHaveProperty('include_explanation');
    page.conversation.submit();
    await settled();
    expect(page.asked.at(-1)).toMatchObject({ include_explanation: true });
  });
});
