import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { encodingOf, type KeptAnswer } from './cloudfront-cache.ts';
import type { Behavior } from './cloudfront-template.ts';

export interface OriginRequest {
  readonly method: string;
  /** Path with query string. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface Origin {
  /** Rejects where the origin does not answer. */
  ask(request: OriginRequest): Promise<IncomingMessage>;
  close(): void;
}

export function createOrigin(url: string): Origin {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true });
  return {
    ask: ({ method, target: path, headers, body }) =>
      new Promise((resolve, reject) => {
        const asked = httpRequest({ agent, hostname, port, method, path, headers }, resolve);
        asked.on('error', reject);
        asked.end(body);
      }),
    close: () => agent.destroy(),
  };
}

const ofOneHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'host',
  'te',
  'upgrade',
]);

/** The headers that the origin hears. What a viewer says beside the policies, it does not. */
export function headersForOrigin(
  { cache, forwarded }: Behavior,
  viewer: Readonly<Record<string, string>>,
  { address, requestId }: { readonly address: string; readonly requestId: string },
): Record<string, string> {
  const known = [...cache.headers, ...(forwarded === 'all' ? Object.keys(viewer) : forwarded)];
  const headers: Record<string, string> = { 'user-agent': 'Amazon CloudFront' };
  for (const name of [...known, 'content-length', 'content-type']) {
    const value = viewer[name];
    if (value !== undefined && !ofOneHop.has(name)) headers[name] = value;
  }
  if (forwarded !== 'all') delete headers['accept-encoding'];
  const encoding = encodingOf(cache, viewer['accept-encoding']);
  if (encoding !== '') headers['accept-encoding'] = encoding;
  const before = viewer['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? address : `${before}, ${address}`;
  headers['via'] = '1.1 simulated.cloudfront.net (CloudFront)';
  headers['x-amz-cf-id'] = requestId;
  return headers;
}

export async function readWhole(answer: IncomingMessage): Promise<KeptAnswer> {
  const body = await buffer(answer);
  return { status: answer.statusCode ?? 0, headers: headersOf(answer), body };
}

/** Those that go on. */
export function headersOf(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value === undefined || (ofOneHop.has(name) && name !== 'host')) continue;
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
