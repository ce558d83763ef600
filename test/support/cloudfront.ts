import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  hasTag,
  type Kept,
  type KeptAnswer,
  keyOf,
  lifeSeconds,
  matchesPattern,
} from './cloudfront-cache.ts';
import {
  type EdgeFunction,
  type FunctionRequest,
  type FunctionResponse,
  type KeyValueReader,
  loadEdgeFunction,
  toHeaders,
  toHeaderValues,
  toQueryValues,
  toRawQuery,
} from './cloudfront-function.ts';
import {
  createOrigin,
  headersForOrigin,
  headersOf,
  type OriginRequest,
  readWhole,
} from './cloudfront-origin.ts';
import type { Behavior, DistributionRules } from './cloudfront-template.ts';

export interface CloudFrontOptions {
  readonly rules: DistributionRules;
  /** Where all behaviours lead. */
  readonly originUrl: string;
  /** The store of keys of the functions. */
  readonly keys: KeyValueReader;
  /** Milliseconds from any moment. */
  readonly now?: () => number;
}

export interface CloudFront {
  readonly url: string;
  /** Requests that came, and requests that went on to the origin. */
  readonly counts: { readonly asked: number; readonly behind: number };
  close(): Promise<void>;
}

/** As a function has left it. */
interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly address: string;
}

interface Given extends KeptAnswer {
  /** What `X-Cache` begins with. */
  readonly how: string;
}

/**
 * One place of CloudFront's, on a port of this machine, which does what a synthesised template says: the
 * behaviour of a path, its functions, what is in the key, for how long which answer is kept, who waits
 * for whom. Left out: compression, ranges, the several layers of caches, distance.
 */
export async function startCloudFront(options: CloudFrontOptions): Promise<CloudFront> {
  const { rules, originUrl, keys, now = () => performance.now() } = options;
  const origin = createOrigin(originUrl);
  const counts = { asked: 0, behind: 0 };
  const kept = new Map<string, Kept>();
  const flights = new Map<string, Promise<Given>>();
  const functions = new Map<string, EdgeFunction>();
  const load = (code: string): EdgeFunction => {
    const loaded = functions.get(code) ?? loadEdgeFunction(code, keys);
    functions.set(code, loaded);
    return loaded;
  };

  const ask = (behavior: Behavior, request: Request, changes: Partial<OriginRequest> = {}) => {
    counts.behind += 1;
    const { query, path, method } = request;
    const names = { address: request.address, requestId: randomUUID() };
    const target = query === '' ? path : `${path}?${query}`;
    const headers = { ...headersForOrigin(behavior, request.headers, names), ...changes.headers };
    return origin.ask({ method, target, ...changes, headers });
  };

  /** A GET or HEAD whose answer is not at hand; what is at hand but too old is asked about by its tag. */
  async function fetchAnswer(behavior: Behavior, request: Request, key: string): Promise<Given> {
    const old = kept.get(key);
    const etag = old?.answer.headers['etag'];
    const headers: Record<string, string> = etag === undefined ? {} : { 'if-none-match': etag };
    const answer = await ask(behavior, request, { headers })
      .then(readWhole)
      .catch((): KeptAnswer => ({ status: 502, headers: {}, body: Buffer.from('no origin') }));
    // Better an old answer than none, while the origin fails.
    if (answer.status >= 500 && old && old.answer.status < 400)
      return { ...old.answer, how: 'Hit' };
    const isSame = answer.status === 304 && old !== undefined;
    const whole = isSame
      ? { ...old.answer, headers: { ...old.answer.headers, ...answer.headers } }
      : answer;
    const control = answer.headers['cache-control'];
    const seconds = lifeSeconds(behavior.cache, rules, whole.status, control);
    const nowMs = now();
    kept.delete(key);
    if (seconds > 0 && (request.method === 'GET' || isSame)) {
      kept.set(key, { answer: whole, sinceMs: nowMs, untilMs: nowMs + seconds * 1000 });
    }
    const how = isSame ? 'RefreshHit' : whole.status >= 400 ? 'Error' : 'Miss';
    return { ...whole, how };
  }

  async function find(behavior: Behavior, request: Request): Promise<Given> {
    const key = keyOf(behavior, request);
    const known = kept.get(key);
    if (known && known.untilMs > now()) {
      const age = String(Math.floor((now() - known.sinceMs) / 1000));
      const how = known.answer.status >= 400 ? 'Error' : 'Hit';
      return { ...known.answer, headers: { ...known.answer.headers, age }, how };
    }
    const flight = `${request.method} ${key}`;
    const waiting = flights.get(flight);
    if (waiting && behavior.cache.maxSeconds > 0) {
      await waiting;
      // Only what is kept is shared.
      return kept.has(key) ? find(behavior, request) : fetchAnswer(behavior, request, key);
    }
    const asked = fetchAnswer(behavior, request, key).finally(() => flights.delete(flight));
    flights.set(flight, asked);
    return asked;
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    counts.asked += 1;
    const asked = readRequest(incoming);
    const behavior = rules.behaviors.find(({ pattern }) => matchesPattern(pattern, asked.path));
    if (behavior?.allowedMethods.includes(asked.method) !== true) {
      return void response.writeHead(403, { 'x-cache': 'Error from cloudfront' }).end();
    }
    const raw = toFunctionRequest(asked);
    const changed = behavior.onRequest && (await load(behavior.onRequest)({ request: raw }));
    if (changed && 'statusCode' in changed) {
      return void response.writeHead(changed.statusCode, toHeaders(changed.headers)).end();
    }
    const request = changed ? fromFunctionRequest(asked, changed) : asked;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const passed = await ask(behavior, request, { body: await buffer(incoming) });
      response.writeHead(passed.statusCode ?? 502, {
        ...headersOf(passed),
        'x-cache': 'Miss from cloudfront',
      });
      return void passed.pipe(response);
    }
    const given = await find(behavior, request);
    const headers = { ...given.headers, 'x-cache': `${given.how} from cloudfront` };
    const shown =
      behavior.onResponse && given.status < 400
        ? await withFunction(load(behavior.onResponse), raw, { status: given.status, headers })
        : headers;
    const isKnown = hasTag(request.headers['if-none-match'], given.headers['etag']);
    const status = given.status === 200 && isKnown ? 304 : given.status;
    if (status === 304) delete (shown as Record<string, string>)['content-length'];
    response.writeHead(status, shown).end(status === 304 ? undefined : given.body);
  }

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.writeHead(502).end());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    async close() {
      server.closeAllConnections();
      origin.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function readRequest(incoming: IncomingMessage): Request {
  const [path = '/', ...rest] = (incoming.url ?? '/').split('?');
  const { method = 'GET', socket } = incoming;
  const address = socket.remoteAddress ?? '';
  return { method, path, query: rest.join('?'), headers: headersOf(incoming), address };
}

function toFunctionRequest({ method, path, query, headers }: Request): FunctionRequest {
  const [querystring, values] = [toQueryValues(query), toHeaderValues(headers)];
  return { method, uri: path, querystring, headers: values, cookies: {} };
}

function fromFunctionRequest(asked: Request, changed: FunctionRequest): Request {
  const query = toRawQuery(changed.querystring);
  return { ...asked, path: changed.uri, query, headers: toHeaders(changed.headers) };
}

async function withFunction(
  run: EdgeFunction,
  request: FunctionRequest,
  { status, headers }: { readonly status: number; readonly headers: Record<string, string> },
): Promise<Record<string, string>> {
  const response: FunctionResponse = { statusCode: status, headers: toHeaderValues(headers) };
  const changed = await run({ request, response });
  return 'statusCode' in changed ? toHeaders(changed.headers) : headers;
}
