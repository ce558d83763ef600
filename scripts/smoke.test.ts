import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { listen } from '../http/server.ts';
import { createKey } from '../test/support/api-keys.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { runScript } from '../test/support/processes.ts';
import {
  type Change,
  changing,
  useSmokeServer,
  withHeaders,
} from '../test/support/smoke-server.ts';
import { apiChecks } from './smoke-api.ts';
import { pictureChecks, writeCheck } from './smoke-pictures.ts';
import { lackingHeaders, webChecks } from './smoke-web.ts';
import type { SmokeWorld } from './smoke-world.ts';

const { around, world } = useSmokeServer();
const checks = [...apiChecks, ...webChecks, ...pictureChecks, writeCheck];

/** Where a server was a moment ago. */
async function addressOfNobody(): Promise<string> {
  const server = expectOk(
    await listen({ fetch: () => new Response(), hostname: '127.0.0.1', port: 0 }),
  );
  await server.close(0);
  return `http://127.0.0.1:${server.port}/`;
}

async function look(name: string, other: Partial<SmokeWorld> = {}) {
  const check = checks.find((one) => one.name === name);
  if (check === undefined) throw new Error(`There is no check: ${name}`);
  const { state, says } = await check.look({ ...world(), ...other });
  return `${state} ${says}`.trim();
}

describe('The smoke test of a server as npm start serves it', () => {
  it('finds everything as it must be, and says so with exit code 0', async () => {
    const { code, stdout } = await runScript('smoke', [world().base.href, '--write', '--json']);
    const Report = z.object({
      failed: z.int(),
      lines: z.array(z.object({ name: z.string(), state: z.string(), says: z.string() })),
    });
    const { failed, lines } = Report.parse(JSON.parse(stdout));
    expect(lines.filter(({ state }) => state === 'failed')).toEqual([]);
    expect({ code, failed }).toEqual({ code: 0, failed: 0 });
    expect(lines.map(({ name }) => name)).toEqual(checks.map(({ name }) => name));
  });

  it('ends with 1 and a line of why where one thing is wrong', async () => {
    around.change = changing(/GET \/readyz/, () => new Response('no', { status: 503 }));
    const { code, stdout } = await runScript('smoke', [world().base.href]);
    expect(stdout).toMatch(/^failed {3}readiness .* ms {2}503 in place of 200 \(no\)$/m);
    expect(stdout).toMatch(/1 of \d+ failed/);
    expect(code).toBe(1);
  });

  it('waits for what is not ready yet', async () => {
    let refusals = 0;
    around.change = async (request, forward) => {
      if (!request.url.endsWith('/readyz') || refusals >= 2) return forward();
      refusals += 1;
      return new Response('', { status: 503 });
    };
    const { code } = await runScript('smoke', [world().base.href, '--wait', '60']);
    expect({ code, refusals }).toEqual({ code: 0, refusals: 2 });
  });
});

describe('What is wrong is seen', () => {
  it.each<[string, string, Change]>([
    [
      'health',
      'failed the body is not as promised: clip_loaded',
      changing(/GET \/health/, (_, { clip_loaded: _gone, ...rest }) => Response.json(rest)),
    ],
    [
      'search by GET',
      'failed 4 results in place of 3',
      changing(/GET \/search/, (_, { results, ...rest }) =>
        Response.json({ ...rest, results: [results, results].flat(2).slice(0, 4), total: 4 }),
      ),
    ],
    [
      'search by POST',
      'failed the results are not in order of score',
      changing(/POST \/search/, (_, { results, ...rest }) =>
        Response.json({ ...rest, results: [results].flat().toReversed() }),
      ),
    ],
    [
      'search by POST',
      'failed total is 7',
      changing(/POST \/search/, (_, body) => Response.json({ ...body, total: 7 })),
    ],
    [
      'search by POST',
      'failed 403 in place of 200',
      // What a firewall or a bucket says.
      changing(/POST \/search/, () => new Response('<html>denied</html>', { status: 403 })),
    ],
    [
      'a wrong field is refused by name',
      'failed its type is application/json',
      changing(/POST \/search/, (answer) =>
        withHeaders(answer, { 'content-type': 'application/json' }),
      ),
    ],
    [
      'a body that is not JSON is refused',
      'failed the body is not as promised: request_id',
      changing(/POST \/search/, (_, { request_id: _gone, ...rest }) =>
        Response.json(rest, { status: 400 }),
      ),
    ],
    [
      'documentation',
      'failed the body is not as promised: paths',
      changing(/openapi/, () => Response.json({ openapi: '3.1.0' })),
    ],
    [
      'the page and its headers',
      'failed content-security-policy: not there',
      changing(/GET \/$/, (answer) => withHeaders(answer, { 'content-security-policy': null })),
    ],
    [
      'the page and its headers',
      'failed assets/',
      changing(/GET \/assets/, (answer) => withHeaders(answer, { 'cache-control': 'no-cache' })),
    ],
    [
      'headers of the API',
      'failed x-content-type-options: not there',
      changing(/GET \/search/, (answer) => withHeaders(answer, { 'x-content-type-options': null })),
    ],
    [
      'headers of the API',
      'failed there is no x-request-id',
      changing(/GET \/search/, (answer) => withHeaders(answer, { 'x-request-id': null })),
    ],
    [
      'pages of other origins',
      'failed anybody may call: *',
      changing(/OPTIONS/, (answer) => withHeaders(answer, { 'access-control-allow-origin': '*' })),
    ],
    [
      'a second GET comes from the cache',
      'failed miss, then miss',
      changing(/GET \/search/, (answer) => withHeaders(answer, { 'x-cache': 'miss' })),
    ],
    [
      'pictures can be seen',
      'failed /pictures/',
      changing(/GET \/pictures/, () => new Response('', { status: 403 })),
    ],
    [
      'what is not a picture cannot be seen',
      'failed pictures/%2Epicture-search/generation is answered with 200',
      async ({ url }, forward) => (url.includes('%2E') ? new Response('7') : forward()),
    ],
    [
      'upload, search, remove',
      'failed it has another name in the index',
      changing(/GET \/images/, (answer, body) =>
        answer.ok ? Response.json({ ...body, metadata: { file_name: 'b.png' } }) : answer,
      ),
    ],
  ])('%s: %s', async (name, said, wrong) => {
    around.change = wrong;
    expect(await look(name)).toContain(said);
    around.change = (_, forward) => forward();
    expect(await look(name)).toMatch(/^ok/);
  });

  it('where nobody answers, or not in time', async () => {
    const base = new URL(await addressOfNobody());
    const { code, stdout } = await runScript('smoke', [base.href]);
    expect(stdout).toMatch(/^failed {3}health .* no answer: connect ECONNREFUSED/m);
    expect(code).toBe(1);
    around.change = () => new Promise(() => {});
    await expect(look('readiness', { timeoutMs: 100 })).rejects.toThrow(/timeout/);
  });

  it('where http does not lead to https', async () => {
    // Only the plain half is asked: nobody needs a certificate for that.
    const { port } = world().base;
    const base = new URL(`https://127.0.0.1:${port}/`);
    expect(await look('http leads to https', { base })).toBe('failed 200');
    const headers = { location: `https://127.0.0.1:${port}/` };
    around.change = async () => new Response('', { status: 301, headers });
    expect(await look('http leads to https', { base })).toBe('ok');
    expect(await look('http leads to https')).toMatch(/^skipped/);
  });

  it('where a browser is not told to stay with https', () => {
    const headers = {
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'self'; frame-ancestors 'none'",
    };
    const base = new URL('https://pictures.example/');
    const answer = new Response('', { headers });
    expect(lackingHeaders({ ...world(), base }, answer)).toBe(
      'strict-transport-security: not there',
    );
    answer.headers.set('strict-transport-security', 'max-age=63072000');
    expect(lackingHeaders({ ...world(), base }, answer)).toBeUndefined();
    expect(lackingHeaders(world(), new Response('', { headers }))).toBeUndefined();
  });
});

describe('Behind CloudFront', () => {
  const cloudFront = (state: string) => ({
    via: '1.1 abc.cloudfront.net (CloudFront)',
    'x-cache': `${state} from cloudfront`,
    'cache-control': 'private, max-age=0',
  });

  it('a GET is asked once, and a POST never kept', async () => {
    let asked = 0;
    around.change = async (_, forward) => {
      asked += 1;
      return withHeaders(await forward(), cloudFront(asked === 2 ? 'Hit' : 'Miss'));
    };
    expect(await look('a second GET comes from the cache')).toBe(
      'ok Miss from cloudfront, then Hit from cloudfront',
    );
    expect(await look('a POST is never answered by CloudFront')).toBe('ok');
    around.change = async (_, forward) => withHeaders(await forward(), cloudFront('Hit'));
    expect(await look('a POST is never answered by CloudFront')).toMatch(/^failed Hit/);
    // Of a query that nobody has asked before.
    expect(await look('a second GET comes from the cache')).toMatch(/^failed Hit/);
  });

  it('a GET that is asked twice is a failure', async () => {
    around.change = async (_, forward) => withHeaders(await forward(), cloudFront('Miss'));
    expect(await look('a second GET comes from the cache')).toMatch(/^failed Miss .*, then Miss/);
  });

  it('an answer that nobody may keep is no failure', async () => {
    const incomplete = { ...cloudFront('Miss'), 'cache-control': 'no-store' };
    around.change = async (_, forward) => withHeaders(await forward(), incomplete);
    expect(await look('a second GET comes from the cache')).toMatch(/^skipped/);
  });
});

describe('Where keys are asked for', () => {
  it('everything is asked with the key, and without one is refused', async () => {
    const { key, ...entry } = createKey({ id: 'all', scopes: ['search', 'write', 'admin'] });
    expect(await look('keys are asked for', { apiKey: key })).toMatch(
      /^failed without a key: 200 in place of 401/,
    );
    around.server.wantKeys([entry]);
    expect(await look('keys are asked for', { apiKey: key })).toBe('ok');
    expect(await look('search by GET')).toMatch(/^failed 401 in place of 200/);
    const { code, stdout } = await runScript('smoke', [world().base.href, '--write'], {
      API_KEY: key,
    });
    expect(stdout).toContain('ok       keys are asked for');
    expect(code).toBe(0);
    expect(stdout).not.toContain(key);
    around.change = changing(/search/, (answer) =>
      withHeaders(answer, { 'www-authenticate': null }),
    );
    expect(await look('keys are asked for', { apiKey: key })).toMatch(/no WWW-Authenticate/);
  });
});

it.each([
  [[], 'it needs one address'],
  [['ftp://x'], 'it needs one address'],
  [['http://a', 'http://b'], 'it needs one address'],
  [['http://a', '--wait', 'long'], '--wait must be'],
  [['http://a', '--key', 'x'], '--key'],
])('says what is wrong with %j', async (args, said) => {
  const { code, stderr } = await runScript('smoke', args);
  expect(stderr).toContain(said);
  expect(code).toBe(1);
});
