import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Scope } from '../core/api-keys.ts';

export interface Access {
  /** What a key must be good for; left out where nobody needs a key. */
  readonly scope?: Scope;
  /** Whether a request takes a token of its caller's bucket: where answering costs something. */
  readonly limited: boolean;
}

/** What holds for every method, but for `GET` and `HEAD` where `reads` says something of them. */
export interface RouteAccess extends Access {
  readonly reads?: Access;
}

/**
 * Who may do what, by route pattern. A route that is missing here needs `admin`, so that one that
 * somebody adds and forgets is shut, not open; a test compares this with the routes of the app.
 */
export const routeAccess: Readonly<Record<string, RouteAccess>> = {
  '/search': { scope: 'search', limited: true },
  '/facets': { scope: 'search', limited: true },
  // `DELETE`, and whatever somebody adds and forgets.
  '/images/:id': { scope: 'admin', limited: true, reads: { scope: 'search', limited: true } },
  '/images/:id/similar': { scope: 'search', limited: true },
  // One page of results shows up to a hundred of them at once.
  '/pictures/:id': { scope: 'search', limited: false },
  '/thumbnails/:id': { scope: 'search', limited: false },
  '/uploads': { scope: 'write', limited: true, reads: { limited: false } },
  // The form is signed, and asking for one was counted.
  '/uploads/form': { limited: false },
  '/stats': { scope: 'admin', limited: true },
  '/metrics': { scope: 'admin', limited: false },
  '/health': { limited: false },
  '/livez': { limited: false },
  '/readyz': { limited: false },
  '/openapi.json': { limited: false },
  '/docs': { limited: false },
  '/docs.css': { limited: false },
};

const decided = new Map(Object.entries(routeAccess));

const forgotten: Access = { scope: 'admin', limited: true };

/** What a method of a path needs; `undefined` where nobody decided it. */
export function accessTo(
  method: string,
  path: string,
  known: ReadonlyMap<string, RouteAccess> = decided,
): Access | undefined {
  const access = known.get(path);
  const isRead = method === 'GET' || method === 'HEAD';
  return isRead ? (access?.reads ?? access) : access;
}

/** What a request needs; `undefined` where no route answers it, and it gets its 404. */
export type AccessOf = (c: Context) => readonly Access[];

/**
 * Decided by the routes that the router found, not by the path: the two can't disagree about an
 * odd path. `open` are further patterns that need no key, such as those of the page's files.
 */
export function createAccessOf(open: readonly string[] = []): AccessOf {
  const known = new Map(decided);
  for (const pattern of open) known.set(pattern, { limited: false });
  return (c) => {
    const found: Access[] = [];
    for (const { path } of matchedRoutes(c)) {
      if (isEverything(path)) continue;
      const access = accessTo(c.req.method, path, known) ?? forgotten;
      if (!found.includes(access)) found.push(access);
    }
    return found;
  };
}

/** The pattern of middleware that every request goes through. */
export function isEverything(pattern: string): boolean {
  return pattern === '*' || pattern === '/*';
}
