import { type Arbitrary, assert, asyncProperty, constantFrom, oneof, tuple } from 'fast-check';
import type { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createApiKey } from '../core/api-keys.ts';
import { failure } from '../core/failure.ts';
import type { VectorStore } from '../core/ports.ts';
import { err } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import { searching } from '../http/openapi-parts.ts';
import { listen } from '../http/server.ts';
import { createKey } from './support/api-keys.ts';
import { expectOk } from './support/expect-ok.ts';
import { type Answered, createAnswerCheck } from './support/openapi-check.ts';
import { type Json, type Operation, readDocument } from './support/openapi-document.ts';
import { createThreePictures, createWholeEdge, openSettings } from './support/openapi-edge.ts';
import { type GeneratedRequest, requestsOf } from './support/openapi-requests.ts';
import { sendOverSocket } from './support/send-over-socket.ts';

type Send = (request: GeneratedRequest) => Promise<Answered>;
type Judge = (request: GeneratedRequest, answered: Answered) => string[];

const origin = 'http://localhost';
const document = readDocument();
const requests = requestsOf(document);

let store: VectorStore;
beforeAll(async () => {
  store = await createThreePictures();
});

// FUZZ_SEED=<seed of a failure> asks the same again, FUZZ_RUNS=<factor> asks so many times as much.
const seed = process.env['FUZZ_SEED'] === undefined ? undefined : Number(process.env['FUZZ_SEED']);
const factor = Number(process.env['FUZZ_RUNS'] ?? 1);

// 10,500 requests over all; a failure is printed with its seed and the smallest request that fails.
describe('every answer is one that the document describes', { timeout: 300_000 }, () => {
  it('where everybody may ask', async () => {
    const edge = createWholeEdge({ settings: openSettings, store });
    const seen = new Set<string>();
    await expectDescribed(requests, sendTo(edge), {
      runs: 5500,
      judge(request, answered) {
        seen.add(
          `${document.describe(answered.method, answered.pathname).name} ${answered.status}`,
        );
        return acceptsValid(request, answered);
      },
    });
    expect(edge.bugs).toEqual([]);
    // Neither the one kind of request nor the other was forgotten.
    const statuses = [200, 400, 405, 410, 413, 415, 422];
    const posts = statuses.map((status) => `${status === 405 ? 'PUT' : 'POST'} /search ${status}`);
    const uploads = [201, 400, 415, 422].map((status) => `POST /uploads ${status}`);
    const forms = [403, 413, 415].map((status) => `POST /uploads/form ${status}`);
    const removals = [202, 404, 422].map((status) => `DELETE /images/{id} ${status}`);
    expect([...seen]).toEqual(
      expect.arrayContaining([...posts, ...uploads, ...forms, ...removals, 'an unknown path 404']),
    );
    const asked = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const left = asked.filter((name) => ![...seen].some((one) => one.startsWith(`${name} `)));
    expect(left.filter((name) => !name.startsWith('X-'))).toEqual([]);
  });

  it('where keys are asked for and counted', async () => {
    const web = createKey({ id: 'web' });
    const slow = createKey({ id: 'slow', rate: { perSecond: 0.001, burst: 3 } });
    const ops = createKey({ id: 'ops', scopes: ['admin', 'write'] });
    const rate = { perSecond: 100, burst: 200 };
    const corsOrigins = ['https://app.example'];
    const settings = {
      ...openSettings,
      keys: [web, slow, ops],
      keysRequired: true,
      rate,
      corsOrigins,
    };
    const edge = createWholeEdge({ settings, store });
    const seen = new Set<number>();
    const keyed = withKeys(requests, [web.key, web.key, slow.key, ops.key]);
    await expectDescribed(keyed, sendTo(edge), {
      runs: 2500,
      judge(request, answered) {
        seen.add(answered.status);
        return refusesStrangers(request, answered, [web, slow, ops]);
      },
    });
    expect([...seen]).toEqual(expect.arrayContaining([200, 401, 403, 404, 429]));
  });

  it('where nothing works', async () => {
    const settings = { ...openSettings, corsOrigins: [] };
    const edge = createWholeEdge({ settings, store: brokenStore(store), search: failing });
    const seen = new Set<number>();
    await expectDescribed(requests, sendTo(edge), {
      runs: 2000,
      judge: (_, { status }) => {
        seen.add(status);
        return [];
      },
    });
    expect([...seen]).toEqual(expect.arrayContaining([422, 499, 503, 504]));
  });

  it('where the caller has the answer already', async () => {
    const edge = createWholeEdge({ settings: openSettings, store });
    const send = sendTo(edge);
    const readable = requests.filter(({ method, isValid }) => isValid && method === 'GET');
    let unchanged = 0;
    await expectDescribed(
      readable,
      async (request) => {
        const first = await send(request);
        const etag = first.headers.get('etag');
        if (etag === null || first.status !== 200) return first;
        // A list that begins is another each time.
        if (first.body.includes('"next_cursor":"')) return first;
        unchanged += 1;
        const answered = await send({ ...request, headers: [['if-none-match', `"x", ${etag}`]] });
        expect(answered.status).toBe(304);
        return answered;
      },
      { runs: 500, judge: acceptsValid },
    );
    expect(unchanged).toBeGreaterThan(50);
  });

  it('over a real socket', async () => {
    const edge = createWholeEdge({ settings: openSettings, store });
    const server = expectOk(
      await listen({ fetch: edge.app.fetch, hostname: '127.0.0.1', port: 0 }),
    );
    try {
      const send = sendOverSocket(server.port);
      await expectDescribed(requests, send, { runs: 500, judge: acceptsValid });
      expect(edge.bugs).toEqual([]);
    } finally {
      await server.close(0);
    }
  });
});

async function expectDescribed(
  arbitrary: Arbitrary<GeneratedRequest>,
  send: Send,
  { runs, judge }: { readonly runs: number; readonly judge: Judge },
): Promise<void> {
  const check = createAnswerCheck(document);
  const property = asyncProperty(arbitrary, async (request) => {
    const answered = await send(request);
    expect(
      [...check(answered), ...judge(request, answered)],
      `${answered.status} ${answered.body.slice(0, 300)}`,
    ).toEqual([]);
  });
  await assert(property, { numRuns: runs * factor, ...(seed === undefined ? {} : { seed }) });
}

/** What a body is checked against, by what the document has of it. */
const bodySchemas = new Map<Json, z.ZodType>();
for (const { requestBody } of Object.values(document.paths).flatMap(Object.values<Operation>)) {
  const schema = requestBody?.content['application/json']?.schema;
  if (schema !== undefined) bodySchemas.set(schema, z.fromJSONSchema(schema));
}

/** What keeps to the document is no bad request, and what does not is one. */
function acceptsValid(request: GeneratedRequest, answered: Answered): string[] {
  const { method, pathname, status } = answered;
  const { requestBody } = document.describe(method, pathname).operation;
  const schema = requestBody?.content['application/json']?.schema;
  // A form of an upload must be signed, which no schema can say.
  const isUnsigned = requestBody !== undefined && schema === undefined && status === 403;
  // Like an id, a cursor may be of the right form and nobody's.
  const isAccepted = status < 400 || status === 404 || status === 410 || isUnsigned;
  if (request.isValid && !isAccepted && !asksForUnknown(request, answered))
    return [`a valid request was answered ${status}`];
  if (schema === undefined || !isAccepted) return [];
  // A byte order mark is no part of the text.
  const body: unknown = JSON.parse(String(request.body).replace(/^\ufeff/, ''));
  return bodySchemas.get(schema)?.safeParse(shortened(body)).success === true
    ? []
    : [`a wrong body was answered ${status}`];
}

/** Also an id to be like may be of the right form and nobody's. */
function asksForUnknown(request: GeneratedRequest, { status, body }: Answered): boolean {
  if (status !== 422 || !/\blike\b/.test(`${request.target} ${String(request.body)}`)) return false;
  // The head of an answer has no room for what is wrong.
  if (body === '') return request.method === 'HEAD';
  const { errors } = JSON.parse(body) as { readonly errors: readonly { readonly path: string }[] };
  return errors.every(({ path }) => /^like\.\d$/.test(path));
}

/** The length of a text is counted after trimming, in characters, which a schema can't say. */
function shortened(body: unknown): unknown {
  if (typeof body === 'string') return body && 'a';
  if (Array.isArray(body)) return body.map(shortened);
  if (typeof body !== 'object' || body === null) return body;
  const shorter = new Set(['query', 'texts', 'text', 'exclude']);
  const entries = Object.entries(body).map(([name, value]) => [
    name,
    shorter.has(name) ? shortened(value) : value,
  ]);
  return Object.fromEntries(entries);
}

/** Where the document asks for a key, whoever has none of its scope is refused, and nobody else. */
function refusesStrangers(
  request: GeneratedRequest,
  { method, pathname, status }: Answered,
  keys: readonly ReturnType<typeof createKey>[],
): string[] {
  const { operation, isListed } = document.describe(method, pathname);
  const { security = [] } = operation;
  const needed = new Set(security.flatMap((way) => Object.values(way).flat()));
  if (needed.size === 0 || !isListed) return [];
  const sent = request.headers.map(([, value]) => value).join();
  const caller = keys.find(({ key }) => sent.includes(key));
  const mayAsk = caller?.scopes.some((scope) => needed.has(scope)) === true;
  if (mayAsk === ![401, 403].includes(status) || status === 429) return [];
  return [`${caller?.id ?? 'a stranger'} was answered ${status} at ${method} ${pathname}`];
}

function withKeys(
  arbitrary: Arbitrary<GeneratedRequest>,
  keys: readonly string[],
): Arbitrary<GeneratedRequest> {
  type Headers = GeneratedRequest['headers'];
  const credentials = oneof(
    constantFrom<Headers>(...keys.map((key): Headers => [['authorization', `Bearer ${key}`]])),
    constantFrom<Headers>(...keys.map((key): Headers => [['x-api-key', key]])),
    constantFrom<Headers>(
      [],
      [['x-api-key', createApiKey()]],
      [['authorization', 'Basic eDp4']],
      [['authorization', `Bearer ${'x'.repeat(5000)}`]],
    ),
  );
  return tuple(arbitrary, credentials).map(([request, more]) => ({
    ...request,
    headers: [...request.headers, ...more],
  }));
}

/** Each expected failure in its turn, by what was asked. */
const failing: Search = async ({ query }) => {
  const code = searching[query.length % searching.length] ?? 'timeout';
  return err(failure(code, 'Cannot search as this is a test'));
};

function brokenStore(whole: VectorStore): VectorStore {
  const broken = async () => err(failure('store_unavailable', 'Cannot search as this is a test'));
  return { ...whole, get: broken, vectors: broken, query: broken, describe: broken };
}

function sendTo({ app }: { readonly app: Hono }): Send {
  return async (request) => {
    const { method, headers } = request;
    const url = new URL(origin + request.target);
    const body = method === 'GET' || method === 'HEAD' ? undefined : request.body;
    const init = {
      method,
      headers: headers.map(([name, value]) => [name, value] as [string, string]),
    };
    const response = await app.request(url.href, body === undefined ? init : { ...init, body });
    return {
      method,
      pathname: url.pathname,
      status: response.status,
      headers: response.headers,
      body: await response.text(),
    };
  };
}
