import type { Context, MiddlewareHandler } from 'hono';
import type { ApiKey, ApiKeyCheck, Scope } from '../core/api-keys.ts';
import { failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { addVary } from './cross-origin.ts';
import { headersOf, respondFailure } from './respond.ts';
import type { AccessOf } from './route-access.ts';

/** The longest key there is has 46 characters; more than this is not even hashed. */
const maxKeyCharacters = 128;

/**
 * Finds out whose key came with a request, in `Authorization: Bearer` or `x-api-key`, and refuses
 * nobody: `limitRate` comes next, so that guessing keys costs tokens, and then `authorize`.
 * `c.get('apiKeyId')` is the id of a good key.
 */
export function authenticate({ check }: { readonly check: ApiKeyCheck }): MiddlewareHandler {
  return async (c, next) => {
    const presented = presentedKey(c);
    const key = presented.ok && presented.value !== undefined ? check(presented.value) : undefined;
    if (key === undefined) {
      if (!presented.ok) c.set('apiKeyRefusal', presented.error);
      else if (presented.value !== undefined) c.set('apiKeyRefusal', 'nobody has this API key');
      return next();
    }
    c.set('apiKey', key);
    c.set('apiKeyId', key.id);
    if (c.req.method === 'POST') return next();
    addVary(c, 'Authorization, X-Api-Key');
    await next();
    keepFromSharedCaches(c);
  };
}

/**
 * Refuses who has no key (`unauthenticated`) or one without the scope (`forbidden`). `anonymous`:
 * what may be done without a key; a wrong key is refused even there.
 */
export function authorize({
  accessOf,
  anonymous = [],
}: {
  readonly accessOf: AccessOf;
  readonly anonymous?: readonly Scope[];
}): MiddlewareHandler {
  return async (c, next) => {
    const scopes = accessOf(c).flatMap(({ scope }) => scope ?? []);
    // A browser asks with OPTIONS, without a key, whether it may send one.
    if (scopes.length === 0 || c.req.method === 'OPTIONS') return next();
    const key = apiKeyOf(c);
    const refusal: unknown = c.get('apiKeyRefusal');
    if (key === undefined) {
      const isOpen = scopes.every((scope) => anonymous.includes(scope));
      if (isOpen && refusal === undefined) return next();
      return refuse(c, typeof refusal === 'string' ? refusal : 'no API key was sent');
    }
    const missing = scopes.find((scope) => !key.scopes.includes(scope));
    if (missing === undefined) return next();
    const detail = `Cannot answer as the API key ${key.id} lacks the scope: ${missing}`;
    return respondFailure(c, failure('forbidden', detail));
  };
}

/** The key that a request came with, once `authenticate` found it to be a good one. */
export function apiKeyOf(c: Context): ApiKey | undefined {
  return c.get('apiKey') as ApiKey | undefined;
}

/** An answer that says nothing of caches may not be given to somebody without a key by one. */
function keepFromSharedCaches(c: Context): void {
  // What `respondText` wrote says something.
  if (c.get('complete') === true || c.res.headers.has('Cache-Control')) return;
  c.res.headers.set('Cache-Control', 'private, no-cache');
}

function presentedKey(c: Context): Result<string | undefined, string> {
  const authorization = c.req.header('authorization');
  const header = c.req.header('x-api-key');
  const bearer = authorization === undefined ? undefined : bearerOf(authorization);
  if (authorization !== undefined && bearer === undefined) {
    return err('the Authorization header is not "Bearer <key>"');
  }
  if (bearer !== undefined && header !== undefined && bearer !== header) {
    return err('Authorization and x-api-key have different keys');
  }
  const key = bearer ?? header;
  if (key !== undefined && key.length > maxKeyCharacters) return err('nobody has this API key');
  return ok(key);
}

function bearerOf(authorization: string): string | undefined {
  return /^bearer +([^ ]+)$/i.exec(authorization.slice(0, 2 * maxKeyCharacters))?.[1];
}

function refuse(c: Context, why: string): Response {
  headersOf(c)['WWW-Authenticate'] = 'Bearer';
  return respondFailure(c, failure('unauthenticated', `Cannot answer as ${why}`));
}
