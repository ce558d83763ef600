import { describe, expect, it } from 'vitest';
import type { Answer, Problem } from '../web/client-answer.ts';
import { createClient } from '../web/client.ts';
import { useHttpServers } from './support/http-servers.ts';

const serve = useHttpServers();

function problemOf(answer: Answer<unknown>): Problem {
  if (!answer.ok) return answer.problem;
  throw new Error('Cannot take the problem as there is none', { cause: answer.value });
}

describe('to wait until a picture is searchable', () => {
  const missing = JSON.stringify({ code: 'not_found', detail: 'Not yet' });
  const found = JSON.stringify({ id: '1', metadata: {} });

  it('goes on while it is not there, or the server has no time', async () => {
    const { url, asked } = await serve((response, place) => {
      const [status = 200, body = found] =
        [
          [404, missing],
          [503, '{"code":"overloaded"}'],
          [502, '<p>Bad gateway</p>'],
        ][place] ?? [];
      response.writeHead(status as number, { 'content-type': 'application/json' }).end(body);
    });
    const answer = await createClient({ baseUrl: url }).waitUntilSearchable('1');
    expect(answer).toMatchObject({ ok: true, value: { id: '1' } });
    expect(asked.map((request) => request.url)).toEqual(
      Array.from({ length: 4 }, () => '/images/1'),
    );
  });

  it('ends in time, when its caller leaves, and with any other failure', async () => {
    const { url } = await serve((response, _, { headers }) => {
      const status = headers.authorization ? 403 : 404;
      const body = headers.authorization ? '{"code":"forbidden"}' : missing;
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
    const client = createClient({ baseUrl: url });
    const late = problemOf(await client.waitUntilSearchable('1', { timeoutMs: 300 }));
    expect(late).toMatchObject({ code: 'timeout', status: 0 });
    expect(late.detail).toContain('not in the index after 300 ms');
    const signal = AbortSignal.timeout(50);
    expect(problemOf(await client.waitUntilSearchable('1', { signal })).code).toBe('timeout');
    const leave = new AbortController();
    const left = client.waitUntilSearchable('1', { signal: leave.signal });
    leave.abort();
    expect(problemOf(await left).code).toBe('cancelled');
    const keyed = createClient({ baseUrl: url, apiKey: 'ps_other' });
    expect(problemOf(await keyed.waitUntilSearchable('1')).code).toBe('forbidden');
    const unsendable = createClient({ baseUrl: url, apiKey: 'ä' });
    expect(problemOf(await unsendable.waitUntilSearchable('1')).code).toBe('unauthenticated');
  });
});
