import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Scope } from '../core/api-keys.ts';

export interface Access {
  /** What a key must be good for; left out where nobody needs a key. */
  readonly scope?: Scope;
  /** Whether a request takes a token of its caller's bucket: where answering costs something. */
  readonly limited: boolean;
}

/**
 * Who may do what, by route pattern. A route that is missing here needs `admin`, so that one that
 * somebody adds and forgets is shut, not open; a test compares this with the routes of the app.
 */
export const routeAccess: Readonly<Record<string, Access>> = {
  '/search': { scope: 'search', limited: true },
  '/images/:id': { scope: 'search', limited: true },
  '/images/:id/similar': { scope: 'search', limited: true },
  // One page of results shows up to a hundred of them at once.
  '/pictures/:id': { scope: 'search', limited: false },
  '/thumbnails/:id': { scope: 'search', limited: false },
  '/uploads': { scope: 'write', limited: true },
  '/stats': { scope: 'admin', limited: true },
  '/metrics': { scope: 'admin', limited: false },
  '/health': { limited: false },
  '/livez': { limited: false },
  '/readyz': { limited: false },
  '/openapi.json': { limited: false },
  '/docs': { limited: false },
  '/docs.css': { limited: false },
};

const forgotten: Access = { scope: 'admin', limited: true };

/** What a request needs; `undefined` where no route answers it, and it gets its 404. */
export type AccessOf = (c: Context) => readonly Access[];

/**
 * Decided by the routes that the router found, not by the path: the two can't disagree about an
 * odd path. `open` are further patterns that need no key, such as those of the page's files.
 */
export function createAccessOf(open: readonly string[] = []): AccessOf {
  const known = new Map(Object.entries(routeAccess));
  for (const pattern of open) known.set(pattern, { limited: false });
  return (c) => {
    const found: Access[] = [];
    for (const { path } of matchedRoutes(c)) {
      if (isEverything(path)) continue;
      const access = known.get(path) ?? forgotten;
      if (!found.includes(access)) found.push(access);
    }
    return found;
  };
}

/** The pattern of middleware that every request goes through. */
export function isEverything(pattern: string): boolean {
  return pattern === '*' || pattern === '/*';
}
