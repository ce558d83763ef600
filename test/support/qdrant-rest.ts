import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Code, ConnectError } from '@connectrpc/connect';
import { checkKey, type QdrantKeys } from './qdrant-calls.ts';
import type { Gate } from './qdrant-faults.ts';
import type { QdrantSnapshots, SnapshotDescription } from './qdrant-snapshots.ts';

interface RestParts {
  readonly port: number;
  readonly snapshots: QdrantSnapshots;
  readonly keys: QdrantKeys;
  readonly gate: Gate;
}

export interface RunningRest {
  readonly port: number;
  stop(): Promise<void>;
}

/** The REST face, as far as gRPC lacks it: snapshots as files, and readiness. */
export async function startQdrantRest(parts: RestParts): Promise<RunningRest> {
  const server = createServer((request, response) => {
    answer(request, response, parts).catch((error: unknown) => sendError(response, error));
  }).listen(parts.port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { snapshots, keys, gate }: RestParts,
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://rest');
  if (/^\/(readyz|livez|healthz)$/.test(pathname)) {
    response.end('all shards are ready');
    return;
  }
  const headers = new Headers(
    Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const isRead = request.method === 'GET';
  checkKey(headers, isRead ? 'Snapshots.List' : 'Collections.Create', keys);
  await gate('Rest.Snapshots', new AbortController().signal);
  const found = /^\/collections\/([^/]+)\/snapshots(?:\/([^/]+))?$/.exec(pathname);
  if (found === null) throw new ConnectError('Not found: no such path', Code.NotFound);
  const [collection = '', name = ''] = found.slice(1).map((part) => decodeURIComponent(part ?? ''));
  switch (`${request.method} ${name === '' ? '' : name === 'upload' ? name : 'one'}`) {
    case 'GET ':
      return send(response, snapshots.list(collection).map(described));
    case 'POST ':
      await readBody(request);
      return send(response, described(snapshots.create(collection)));
    case 'GET one':
      response.setHeader('content-type', 'application/octet-stream');
      response.end(snapshots.read(collection, name));
      return;
    case 'DELETE one':
      snapshots.remove(collection, name);
      return send(response, true);
    case 'POST upload':
      snapshots.recover(collection, await readUpload(request, headers));
      return send(response, true);
    default:
      throw new ConnectError('Not found: no such method', Code.NotFound);
  }
}

async function readUpload(request: IncomingMessage, headers: Headers): Promise<Buffer> {
  const body = await readBody(request);
  const type = headers.get('content-type') ?? '';
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } })
    .formData()
    .catch(() => undefined);
  const file = form?.get('snapshot');
  if (!(file instanceof File)) {
    throw new ConnectError('Multipart stream is incomplete', Code.InvalidArgument);
  }
  return Buffer.from(await file.arrayBuffer());
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function described({ name, bytes, sha256 }: SnapshotDescription) {
  return { name, creation_time: '2026-01-01T00:00:00', size: bytes, checksum: sha256 };
}

function send(response: ServerResponse, result: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ result, status: 'ok', time: 0.001 }));
}

const statuses: Partial<Record<Code, number>> = {
  [Code.InvalidArgument]: 400,
  [Code.Unauthenticated]: 401,
  [Code.PermissionDenied]: 403,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.ResourceExhausted]: 429,
  [Code.Unavailable]: 503,
};

function sendError(response: ServerResponse, error: unknown): void {
  const { code, rawMessage, metadata } = ConnectError.from(error);
  const retryAfter = metadata.get('retry-after');
  if (retryAfter !== null) response.setHeader('retry-after', retryAfter);
  response.statusCode = statuses[code] ?? 500;
  response.setHeader('content-type', 'application/json');
  // A request without a key gets the bare words.
  response.end(
    code === Code.Unauthenticated
      ? rawMessage
      : JSON.stringify({ status: { error: rawMessage }, time: 0 }),
  );
}
