import { afterAll, beforeAll, beforeEach } from 'vitest';
import * as z from 'zod';
import { listen, type RunningServer } from '../../http/server.ts';
import { buildPage } from '../../scripts/page-build.ts';
import type { SmokeWorld } from '../../scripts/smoke-world.ts';
import { expectOk } from './expect-ok.ts';
import { openPageIndex, type PageIndex } from './page-index.ts';
import { type PageServer, startPageServer } from './page-server.ts';
import { useTemporaryDirectories } from './temporary-directory.ts';

/** What stands between: an answer of the true server, as it is or as the test wants it. */
export type Change = (request: Request, forward: () => Promise<Response>) => Promise<Response>;

const unchanged: Change = (_, forward) => forward();

/** A server as `npm start` serves it, and a door before it that a test may change for itself. */
export function useSmokeServer() {
  const newDirectory = useTemporaryDirectories();
  let index: PageIndex | undefined;
  let between: RunningServer | undefined;
  const around = { change: unchanged } as { change: Change; server: PageServer };

  beforeAll(async () => {
    index = await openPageIndex(await newDirectory());
    around.server = await startPageServer({
      index,
      pageFolder: expectOk(await buildPage()),
      dataDirectory: await newDirectory(),
      uploads: true,
    });
    const fetchChanged = async (request: Request) =>
      around.change(request, await forwarded(request, around.server.origin));
    between = expectOk(await listen({ fetch: fetchChanged, hostname: '127.0.0.1', port: 0 }));
  });
  beforeEach(() => {
    around.change = unchanged;
  });
  afterAll(async () => {
    await between?.close(0);
    await around.server.close();
    await index?.close();
  });

  const world = (): SmokeWorld => ({
    base: new URL(`http://127.0.0.1:${between?.port}/`),
    apiKey: undefined,
    corsOrigin: undefined,
    timeoutMs: 10_000,
  });
  return { around, world };
}

async function forwarded(request: Request, origin: string): Promise<() => Promise<Response>> {
  const { method, headers } = request;
  const body = request.body === null ? null : await request.arrayBuffer();
  const { pathname, search } = new URL(request.url);
  return async () => {
    const target = new URL(`${pathname}${search}`, origin);
    const answer = await fetch(target, { method, headers: handedOn(headers), body });
    return new Response(answer.body, { status: answer.status, headers: handedOn(answer.headers) });
  };
}

/** A body that was read is not compressed any more, and has another length. */
function handedOn(headers: Headers): Headers {
  const left = new Headers(headers);
  for (const name of ['content-encoding', 'content-length', 'connection', 'host', 'expect']) {
    left.delete(name);
  }
  return left;
}

/** Answers to this path are changed; a JSON body is handed over as it is. */
export function changing(
  path: RegExp,
  edit: (answer: Response, body: Record<string, unknown>) => Response | Promise<Response>,
): Change {
  return async (request, forward) => {
    const { pathname, search } = new URL(request.url);
    const answer = await forward();
    if (!path.test(`${request.method} ${pathname}${search}`)) return answer;
    const text = await answer.clone().text();
    const isJson = (answer.headers.get('content-type') ?? '').includes('json');
    const Body = z.record(z.string(), z.unknown());
    return edit(answer, isJson ? Body.parse(JSON.parse(text)) : {});
  };
}

export function withHeaders(answer: Response, headers: Record<string, string | null>): Response {
  const all = new Headers(answer.headers);
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) all.delete(name);
    else all.set(name, value);
  }
  return new Response(answer.body, { status: answer.status, headers: all });
}
