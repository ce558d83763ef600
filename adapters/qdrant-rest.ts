import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Async, type FailureCode, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';

/** What Qdrant offers over REST alone: files of snapshots, of one node. */
export interface QdrantRest {
  /** What lies on the disk of the node. */
  list(collection: string): Async<QdrantSnapshot[]>;
  /** Takes one and gives its name; on a large collection this takes minutes. */
  create(collection: string): Async<string>;
  /** Its bytes; reading them may throw. */
  download(collection: string, name: string): Async<AsyncIterable<Uint8Array>>;
  remove(collection: string, name: string): Async<void>;
  /** Makes a collection of a snapshot; a failure of the content is one of the call. */
  upload(collection: string, content: AsyncIterable<Uint8Array>): Async<void>;
}

export interface QdrantSnapshot {
  readonly name: string;
  /** Milliseconds since 1970; undefined where Qdrant does not say. */
  readonly createdMs: number | undefined;
}

export interface QdrantRestOptions {
  /** `http://host:6333`. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  /** How long nothing may come before it is given up. */
  readonly idleMs?: number;
}

interface Ask {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array>;
}

/**
 * Not `fetch`: that one gives up after five minutes without an answer, and a snapshot of a large
 * collection takes longer to be made and to be put back.
 */
export function createQdrantRest(options: QdrantRestOptions): QdrantRest {
  const at = (collection: string, rest = '') =>
    `/collections/${encodeURIComponent(collection)}/snapshots${rest}`;
  const one = (name: string) => `/${encodeURIComponent(name)}`;
  return {
    async list(collection) {
      const listed = await ask(options, { method: 'GET', path: at(collection) });
      return listed.ok ? ok(snapshotsIn(await readText(listed.value))) : listed;
    },
    async create(collection) {
      const made = await ask(options, { method: 'POST', path: `${at(collection)}?wait=true` });
      return made.ok ? nameIn(options.url, await readText(made.value)) : made;
    },
    download: (collection, name) =>
      ask(options, { method: 'GET', path: at(collection, one(name)) }),
    async remove(collection, name) {
      const path = `${at(collection, one(name))}?wait=true`;
      const removed = await ask(options, { method: 'DELETE', path });
      if (removed.ok) await readText(removed.value);
      return removed.ok ? ok(undefined) : removed;
    },
    async upload(collection, content) {
      const path = `${at(collection, '/upload')}?wait=true&priority=snapshot`;
      const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
      const body = formOf(content);
      const uploaded = await ask(options, { method: 'POST', path, headers, body });
      if (uploaded.ok) await readText(uploaded.value);
      return uploaded.ok ? ok(undefined) : uploaded;
    },
  };
}

const boundary = 'picture-search-9c1f6a7e5b3d4820';

async function* formOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="snapshot"; filename="restored.snapshot"\r\ncontent-type: application/octet-stream\r\n\r\n`;
  yield Buffer.from(head);
  yield* content;
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}

/** The answer as it begins to come, where its status is a good one. */
async function ask(options: QdrantRestOptions, what: Ask): Async<IncomingMessage> {
  try {
    const answer = await send(options, what);
    const { statusCode: status = 0 } = answer;
    if (status < 300) return ok(answer);
    return err(refused(options.url, status, await readText(answer)));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const detail = `Cannot use the snapshots of Qdrant at ${options.url} as ${why}`;
    return err(failure('store_unavailable', detail, { cause }));
  }
}

const hourMs = 3_600_000;

function send(
  { url, apiKey, idleMs = hourMs }: QdrantRestOptions,
  { method, path, headers = {}, body }: Ask,
): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), {
      method,
      headers: { ...headers, ...(apiKey !== undefined && { 'api-key': apiKey }) },
      timeout: idleMs,
    });
    sent.once('timeout', () => sent.destroy(new Error('it does not answer')));
    sent.once('response', resolve);
    sent.once('error', reject);
    if (body === undefined) sent.end();
    else pipeline(Readable.from(body), sent).catch(reject);
  });
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const codes: Readonly<Record<number, FailureCode>> = {
  403: 'store_read_only',
  404: 'collection_missing',
  507: 'store_full',
};

function refused(url: string, status: number, text: string) {
  const code = codes[status] ?? 'store_unavailable';
  const why = text.slice(0, 300);
  const detail = `Cannot use the snapshots of Qdrant at ${url} as it says ${status}: ${why}`;
  return failure(code, detail);
}

function nameIn(url: string, text: string) {
  const name: unknown = JSON.parse(text)?.result?.name;
  if (typeof name === 'string') return ok(name);
  const detail = `Cannot take a snapshot as Qdrant at ${url} gives no name for it: ${text.slice(0, 300)}`;
  return err(failure('store_unavailable', detail));
}

/** Qdrant writes times without a zone, and means UTC. */
function snapshotsIn(text: string): QdrantSnapshot[] {
  const found: unknown = JSON.parse(text)?.result;
  if (!Array.isArray(found)) return [];
  return found.flatMap(({ name, creation_time: time }: Readonly<Record<string, unknown>>) => {
    if (typeof name !== 'string') return [];
    const createdMs = typeof time === 'string' ? Date.parse(`${time}Z`) : Number.NaN;
    return [{ name, createdMs: Number.isNaN(createdMs) ? undefined : createdMs }];
  });
}
