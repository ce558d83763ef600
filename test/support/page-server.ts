import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Hit, SearchResponse } from '../../core/model.ts';
import { createPage } from '../../http/page.ts';
import { createPageUploads, mark, type PageUploads } from './page-uploads.ts';

/** A file name that is markup. */
const hostileName = '<img src=x onerror="document.title=1">.png';
const webDirectory = fileURLToPath(new URL('../../web', import.meta.url));

const drawing = '<svg xmlns="http://www.w3.org/2000/svg"><circle r="30" fill="teal"/></svg>';

function hit(index: number, fileName: string, thumbnail_url: string | null = null): Hit {
  const facts = { s3_key: null, category: 'animals', width: 64, height: 64 };
  const paths = {
    file_name: fileName,
    file_path: fileName,
    url: `/pictures/${index}`,
    thumbnail_url,
  };
  const said = { size: 2_345_678, taken_at: 1_591_012_800, etag: 'abcdef' };
  const more: Readonly<Record<string, number | string>> = index === 5 ? said : {};
  const metadata = { ...more, ...facts, ...paths };
  return { id: String(index), score: 0.4 - index / 1000, metadata };
}

function answer(query: string | null, results: Hit[]): SearchResponse {
  const rest = { latency_ms: 3.2, cached: true, explanation: null, model: 'test' };
  const query_truncated = query === 'truncated';
  return { query, results, total: results.length, query_truncated, ...rest };
}

/** One that is there, and one that is not. */
const thumbnails: Readonly<Record<number, string>> = { 3: '/thumbnails/3', 4: '/thumbnails/4' };

/** One was uploaded. */
const names: Readonly<Record<number, string>> = { 2: hostileName, 11: `${mark}-brown-dog-11.png` };

const hits = Array.from({ length: 120 }, (_, index) =>
  hit(index, names[index] ?? `brown-dog-${index}.png`, thumbnails[index]),
);

const failing: Readonly<Record<string, [ContentfulStatusCode, string]>> = {
  unready: [503, 'encoder_unavailable'],
  invalid: [422, 'invalid_field'],
};

/** Forms for uploads need no key: they are signed. */
function isKept(method: string, path: string): boolean {
  if (path === '/uploads') return method === 'POST';
  return /^\/(search|images|pictures|stats)/.test(path);
}

export interface PageServer {
  readonly app: Hono;
  /** Without this key it answers nothing but the page; null for none. */
  wantKey(key: string | null): void;
  readonly uploads: PageUploads;
  /** Lets the answer to the query `slow` go. */
  releaseSlow(): void;
}

/** The page before a fixed API, with the content security policy that the real server sets. */
export function createPageServer(): PageServer {
  const app = new Hono();
  let wantedKey: string | null = null;
  let releaseSlow = () => {};
  app.use(async (c, next) => {
    await next();
    c.header('Content-Security-Policy', "default-src 'self'; img-src 'self' data:");
  });
  const uploads = createPageUploads((id, fileName) => hit(Number(id), fileName));
  app.use(async (c, next) => {
    const isOpen = wantedKey === null || !isKept(c.req.method, c.req.path);
    if (isOpen || c.req.header('authorization') === `Bearer ${wantedKey}`) return next();
    const key = c.req.header('authorization');
    const detail = `Cannot answer as ${key ? 'nobody has this API key' : 'no API key was sent'}`;
    return c.json({ title: 'An API key is needed', code: 'unauthenticated', detail }, 401);
  });
  app.get('/search', async (c) => {
    const query = c.req.query('q') ?? '';
    const errors = [{ path: 'query', message: 'must have at most 512 characters' }];
    const [status, code] = failing[query] ?? [];
    const problem = { title: 'A', detail: 'The encoder is warming up', code, errors };
    if (status) return c.json(problem, status);
    if (query === 'slow') await new Promise<void>((resolve) => (releaseSlow = resolve));
    if (query === 'nothing') return c.json(answer(query, []));
    const found = query === 'slow' ? [hit(99, 'late-snail.png')] : hits;
    return c.json(answer(query, found.slice(0, Number(c.req.query('top_k')))));
  });
  app.route('/', uploads.app);
  app.get('/images/:id/similar', (c) => {
    const from = Number(c.req.param('id'));
    return c.json(answer(null, hits.slice(from, from + 5)));
  });
  app.get('/images/:id', (c) => {
    const found = hits[Number(c.req.param('id'))];
    return found ? c.json({ id: found.id, metadata: found.metadata }) : c.json({}, 404);
  });
  app.get('/pictures/1', (c) => c.text('damaged'));
  app.get('/pictures/:id', (c) => c.body(drawing, 200, { 'Content-Type': 'image/svg+xml' }));
  app.get('/thumbnails/3', (c) => c.body(drawing, 200, { 'Content-Type': 'image/svg+xml' }));
  app.get('/stats', (c) => c.json({ collection: { vectors_count: 1234 } }));
  app.route('/', createPage(webDirectory));
  return {
    app,
    uploads,
    wantKey: (key) => (wantedKey = key),
    releaseSlow: () => releaseSlow(),
  };
}
