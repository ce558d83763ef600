import type { Context, MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import * as z from 'zod';
import { headersOf } from './respond.ts';

/** `https://a.example, https://b.example`, or `*`; empty for none. */
export const CorsOrigins = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
  )
  .refine((origins) => origins.every((origin) => origin === '*' || isOrigin(origin)), {
    message: 'must be "*" or origins such as https://app.example.com, separated by commas',
  });
export type CorsOrigins = z.infer<typeof CorsOrigins>;

/** Request headers that this API reads. */
const allowHeaders = [
  'Authorization',
  'Content-Type',
  'If-None-Match',
  'Traceparent',
  'X-Api-Key',
  'X-Request-Id',
];

/** Answer headers that a page of another origin may read. */
const exposeHeaders = [
  'ETag',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Retry-After',
  'Server-Timing',
  'WWW-Authenticate',
  'X-Cache',
  'X-Request-Id',
];

const maxAgeSeconds = 600;

/**
 * Lets pages of these origins use the API. It goes before everything that may refuse, so that a page
 * can read why it was refused. No cookies are asked for: whoever calls brings a key.
 */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler {
  if (origins.length === 0) return (_, next) => next();
  const allow = cors({
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowHeaders,
    exposeHeaders,
    maxAge: maxAgeSeconds,
  });
  return (c, next) => {
    const isPlainOptions =
      c.req.method === 'OPTIONS' && c.req.header('access-control-request-method') === undefined;
    if (!origins.includes('*')) addVary(c, 'Origin');
    return isPlainOptions ? next() : allow(c, next);
  };
}

/** One more header of the request that the answer depends on. */
export function addVary(c: Context, names: string): void {
  const headers = headersOf(c);
  headers['Vary'] = headers['Vary'] === undefined ? names : `${headers['Vary']}, ${names}`;
}

function isOrigin(text: string): boolean {
  return (
    URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text
  );
}
