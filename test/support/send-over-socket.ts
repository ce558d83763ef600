import { request as httpRequest } from 'node:http';
import type { Answered } from './openapi-check.ts';
import type { GeneratedRequest } from './openapi-requests.ts';

/** Sends generated requests over connections of their own. */
export function sendOverSocket(port: number): (request: GeneratedRequest) => Promise<Answered> {
  return ({ method, target, headers, body }) => {
    const { pathname, search } = new URL(`http://localhost${target}`);
    // Else Node sends it in chunks, but by itself it does neither where it expects no body.
    const isFramed = method !== 'POST' || target.length % 2 === 0;
    return new Promise((resolve, reject) => {
      const sent = httpRequest({
        port,
        host: '127.0.0.1',
        method,
        path: pathname + search,
        headers: {
          ...Object.fromEntries(headers.filter(([name]) => !framing.has(name))),
          ...(isFramed ? { 'content-length': Buffer.byteLength(body ?? '') } : {}),
        },
      });
      sent.on('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            method,
            pathname,
            status: answer.statusCode ?? 0,
            headers: new Headers(answer.headers as Record<string, string>),
            body: Buffer.concat(chunks).toString(),
          }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  };
}

/** What the HTTP parser itself answers when it is wrong, before the app is asked. */
const framing = new Set(['content-length', 'transfer-encoding', 'upgrade', 'expect']);
