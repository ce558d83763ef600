import { hash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import * as z from 'zod';
import { failure } from '../core/failure.ts';
import { respondFailure } from './respond.ts';

/** What only the edge and other services of the system know. */
export const serviceSecretHeader = 'X-Service-Secret';

/**
 * A setting with secrets, separated by commas; none where it is empty. All of them are accepted, and
 * the first is sent: so a new one is first added behind the old one everywhere, then put in front.
 */
export const ServiceSecrets = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((secret) => secret.trim()))
  .transform((secrets) => secrets.filter((secret) => secret !== ''))
  .refine((secrets) => secrets.every((secret) => /^[\x21-\x7e]{16,256}$/.test(secret)), {
    error: 'must be secrets of 16 to 256 visible ASCII characters each, separated by commas',
  });

/** Asked from within the network by what can't know secrets: load balancers and Prometheus. */
const open = new Set(['/livez', '/readyz', '/health', '/metrics']);

/**
 * Lets pass whoever knows one of these secrets, and refuses all others with `unauthenticated`. Health
 * and metrics stay open. Without secrets everybody may pass.
 */
export function requireServiceSecret(secrets: readonly string[]): MiddlewareHandler {
  const known = secrets.map(digest);
  return async (c, next) => {
    if (known.length === 0 || open.has(c.req.path)) return next();
    const given = digest(c.req.header(serviceSecretHeader) ?? '');
    // All are compared, and whole digests of them: the time tells neither which nor how much is right.
    const matches = known.filter((secret) => timingSafeEqual(secret, given));
    if (matches.length > 0) return next();
    const detail = `Cannot answer as only other services may ask here: ${serviceSecretHeader} is missing or wrong`;
    return respondFailure(c, failure('unauthenticated', detail));
  };
}

function digest(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
