import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a hub may do in place of sending a file. */
export type Misbehaviour =
  /** Announces the whole file, sends that many of its bytes and hangs up. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Announces no length, sends that many bytes and ends in good order. */
  | { readonly kind: 'short'; readonly after: number }
  /** Sends that many bytes and then nothing, for ever. */
  | { readonly kind: 'hang'; readonly after: number }
  | { readonly kind: 'content'; readonly content: Buffer }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number }
  | { readonly kind: 'login' }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'no ranges' }
  | { readonly kind: 'wrong range' };

export interface SeenRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export interface ModelServer {
  readonly endpoint: string;
  /** In the order in which they came. */
  readonly requests: SeenRequest[];
  /** The files of the repository, by path: what is changed here is changed on the hub. */
  readonly files: Map<string, Buffer>;
  /**
   * How requests of a path (of a file, or a whole one) end from now on; without `times` all of
   * them do. What is said later comes after that.
   */
  misbehave(path: string, how: Misbehaviour, times?: number): void;
  behave(): void;
  close(): Promise<void>;
}

export interface ModelServerOptions {
  readonly repository: string;
  readonly commit: string;
  readonly files: Readonly<Record<string, Buffer>>;
}

/**
 * Folders are listed in pages of so many entries. As with a mirror, the link to the next page names
 * another host, which nobody should follow.
 */
const pageSize = 2;

/** A hub with one repository, on a port of its own: the API, and the files behind it. */
export async function createModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const { repository, commit } = options;
  const files = new Map(Object.entries(options.files));
  const requests: SeenRequest[] = [];
  const misbehaviours: { readonly path: string; readonly how: Misbehaviour; times: number }[] = [];
  const api = `/api/models/${repository}`;
  const resolve = `/${repository}/resolve/${commit}/`;

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://hub');
    const path = decodeURIComponent(pathname);
    const { range, authorization } = request.headers;
    requests.push({ path, range, authorization });
    if (path === '/login') return sendPage(response);
    const file = path.replace(resolve, '');
    const misbehaviour = misbehaviours.find((one) => one.path === file && one.times > 0);
    if (misbehaviour) {
      misbehaviour.times -= 1;
      return send(request, response, files.get(file), misbehaviour.how);
    }
    if (path === `${api}/revision/main`) return sendJson(response, { sha: commit });
    if (path.startsWith(`${api}/tree/${commit}`)) {
      const folder = path.slice(`${api}/tree/${commit}/`.length);
      return sendFolder(response, files, { folder, url: path, after: searchParams.get('after') });
    }
    return send(request, response, files.get(file));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    files,
    misbehave: (path, how, times = Number.POSITIVE_INFINITY) => {
      misbehaviours.push({ path, how, times });
    },
    behave: () => {
      misbehaviours.length = 0;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer | undefined,
  how?: Misbehaviour,
): void {
  if (how?.kind === 'status') {
    const wait = how.retryAfter === undefined ? {} : { 'retry-after': String(how.retryAfter) };
    response.writeHead(how.status, wait).end('{"error":"no"}');
  } else if (how?.kind === 'login') {
    response.writeHead(302, { location: '/login' }).end();
  } else if (how?.kind === 'redirect') {
    response.writeHead(302, { location: `${how.to}${request.url ?? ''}` }).end();
  } else if (content === undefined) {
    response.writeHead(404).end('Entry not found');
  } else {
    sendFile(request, response, content, how);
  }
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  how?: Misbehaviour,
): void {
  const sent = how?.kind === 'content' ? how.content : content;
  const asked = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const from = how?.kind === 'no ranges' ? 0 : asked;
  const rest = sent.subarray(from);
  const isPart = from > 0;
  const start = how?.kind === 'wrong range' ? from + 1 : from;
  response.writeHead(isPart ? 206 : 200, {
    'content-type': 'application/octet-stream',
    ...(how?.kind !== 'short' && { 'content-length': rest.length }),
    ...(isPart && { 'content-range': `bytes ${start}-${sent.length - 1}/${sent.length}` }),
  });
  if (how?.kind === 'short') {
    response.end(rest.subarray(0, how.after));
  } else if (how?.kind === 'cut') {
    response.write(rest.subarray(0, how.after));
    whenRead(() => response.destroy());
  } else if (how?.kind === 'hang') {
    response.write(rest.subarray(0, how.after));
  } else {
    response.end(rest);
  }
}

/** Two turns of the event loop later: what was sent is not lost with the connection. */
function whenRead(next: () => void): void {
  setTimeout(() => setTimeout(next, 30), 30);
}

function sendFolder(
  response: ServerResponse,
  files: ReadonlyMap<string, Buffer>,
  {
    folder,
    url,
    after,
  }: { readonly folder: string; readonly url: string; readonly after: string | null },
): void {
  const inside = [...files].filter(([path]) => folderOf(path) === folder);
  const folders = new Set(
    [...files.keys()].map(folderOf).filter((path) => path !== '' && folderOf(path) === folder),
  );
  const entries = [
    ...[...folders].map((path) => ({ type: 'directory', path, size: 0, oid: 'f'.repeat(40) })),
    ...inside.map(([path, content]) => toEntry(path, content)),
  ];
  const start = Number(after ?? 0);
  const end = start + pageSize;
  const link =
    end < entries.length ? { link: `<https://hub.invalid${url}?after=${end}>; rel="next"` } : {};
  sendJson(response, entries.slice(start, end), link);
}

/** Text is kept in git itself, anything else in its large file storage. */
function toEntry(path: string, content: Buffer) {
  const size = content.length;
  if (/\.(json|txt)$/.test(path)) {
    const oid = createHash('sha1').update(`blob ${size}\0`).update(content).digest('hex');
    return { type: 'file', path, size, oid };
  }
  const oid = sha256Of(content);
  const pointer = createHash('sha1').update(oid).digest('hex');
  return { type: 'file', path, size, oid: pointer, lfs: { oid, size, pointerSize: 130 } };
}

export function sha256Of(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function sendJson(response: ServerResponse, body: unknown, headers: object = {}): void {
  response
    .writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...headers })
    .end(JSON.stringify(body));
}

function sendPage(response: ServerResponse): void {
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    .end('<!doctype html><title>Log in</title>');
}
