import { expect, test } from 'vitest';
import type { Answer } from '../client-answer.ts';
import { explain } from './problem.ts';

type Failed = Extract<Answer<never>, { readonly ok: false }>;

function failed(status: number, code: string, more: Partial<Failed['problem']> = {}): Failed {
  const rest = { type: '', title: 'A title', detail: 'a detail', request_id: '', errors: [] };
  const about = { status, timing: {}, cache: undefined, retryAfterSeconds: undefined };
  return { ...about, ok: false, problem: { ...rest, status, code, ...more } };
}

test.each([
  [failed(0, 'unreachable'), 'The search server does not answer', 'retry'],
  [failed(0, 'timeout'), 'The search server does not answer', 'retry'],
  [failed(401, 'unauthenticated'), 'This server wants an API key', 'key'],
  [failed(403, 'forbidden'), 'This API key may not search', 'key'],
  [failed(404, 'not_found'), 'This picture is not in the index', undefined],
  [failed(422, 'invalid_field'), 'This cannot be searched for', undefined],
  [failed(429, 'rate_limited'), 'Too many searches at once', 'retry'],
  [failed(503, 'encoder_unavailable'), 'A title', 'retry'],
  [failed(503, 'unexpected'), 'The search is not ready', 'retry'],
  [failed(200, 'unexpected'), 'The server gave an answer that makes no sense', 'retry'],
])('says what is wrong and what helps: %#', (answer, title, remedy) => {
  const notice = explain(answer);
  expect(notice.title).toBe(title);
  expect(notice.remedy).toBe(remedy);
  expect(notice.text).toMatch(/[.!?]$/);
});

test('names the fields that are wrong, and when it is tried again', () => {
  const errors = [{ path: 'q', message: 'must have at most 512 characters' }];
  expect(explain(failed(422, 'invalid_field', { errors })).text).toBe(
    'Query must have at most 512 characters. Change the query a little.',
  );
  const busy = { ...failed(429, 'rate_limited'), retryAfterSeconds: 1 };
  expect(explain(busy)).toMatchObject({
    text: 'This one is tried again in 1 second.',
    retryAfterSeconds: 1,
  });
});
