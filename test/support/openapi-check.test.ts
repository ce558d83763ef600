import { describe, expect, it } from 'vitest';
import { type Answered, createAnswerCheck } from './openapi-check.ts';
import { readDocument } from './openapi-document.ts';
import { createResponse } from './search-app.ts';

const check = createAnswerCheck(readDocument());
const id = 'request-1';
const whole = createResponse();

function answer(changes: Partial<Answered> & { readonly more?: Record<string, string> } = {}) {
  const headers = new Headers({
    'content-type': 'application/json',
    'x-request-id': id,
    ...changes.more,
  });
  const answered = { method: 'POST', pathname: '/search', status: 200, headers };
  return check({ ...answered, body: JSON.stringify(whole), ...changes });
}

const problem = (changes: Readonly<Record<string, unknown>> = {}) =>
  answer({
    status: 503,
    more: { 'content-type': 'application/problem+json', 'retry-after': '1' },
    body: JSON.stringify({
      type: '/docs#overloaded',
      title: 'Too busy',
      status: 503,
      code: 'overloaded',
      request_id: id,
      ...changes,
    }),
  });

describe('the check of an answer against the document', () => {
  it('finds nothing in what is described', () => {
    expect(answer()).toEqual([]);
    expect(problem()).toEqual([]);
    expect(answer({ method: 'HEAD', body: '', more: { etag: 'x', 'cache-control': 'x' } })).toEqual(
      [],
    );
  });

  it.each([
    ['a status', answer({ status: 500 })],
    ['a status of another path', answer({ status: 404 })],
    ['a success of an unknown path', answer({ pathname: '/nowhere' })],
    ['a success of an unknown method', answer({ method: 'PUT' })],
    ['a content type', answer({ more: { 'content-type': 'text/html' } })],
    ['a body that is cut', answer({ body: '{' })],
    ['a body with a field more', answer({ body: JSON.stringify({ ...whole, secret: 1 }) })],
    ['a body with a field less', answer({ body: JSON.stringify({ ...whole, model: undefined }) })],
    ['a field of another type', answer({ body: JSON.stringify({ ...whole, total: '0' }) })],
    ['a body after HEAD', answer({ method: 'HEAD', more: { etag: 'x', 'cache-control': 'x' } })],
    ['no ETag', answer({ method: 'GET', more: { 'cache-control': 'x' } })],
    ['a header that is no number', answer({ more: { 'ratelimit-limit': 'many' } })],
    ['a header of another value', answer({ more: { 'x-cache': 'maybe' } })],
    ['a code of another path', problem({ code: 'image_empty' })],
    ['a code that nobody knows', problem({ code: 'internal' })],
    ['a status in the body', problem({ status: 500 })],
    ['the id of another request', problem({ request_id: 'request-2' })],
    ['a cause that is told', problem({ cause: 'secret' })],
  ])('finds %s that is not described', (_, complaints) => {
    expect(complaints).toHaveLength(1);
  });
});
