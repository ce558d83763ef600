import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Image } from '../../core/model.ts';

export interface PageUploads {
  readonly app: Hono;
  /** Whether the server says that it takes pictures. */
  enable(on: boolean): void;
  /** Lets the pictures that were sent be found from now on. */
  index(): void;
  /** Answers this to the next requests for a form, so often. */
  refuseNext(status: ContentfulStatusCode, code: string, detail: string, times?: number): void;
  /** The names of the files whose forms were posted, in order. */
  readonly posted: readonly string[];
  readonly removed: readonly string[];
}

/** What a key of an upload has before the name of its file. */
export const mark = '3fa85f64-5717-4562-b3fc-2c963f66afa6';

/** Takes forms as the real server does, and has the pictures in its index when it is told to. */
export function createPageUploads(hit: (id: string, fileName: string) => Image): PageUploads {
  const app = new Hono();
  const posted: string[] = [];
  const removed: string[] = [];
  const names = new Map<string, string>();
  const found = new Map<string, Image>();
  let enabled = false;
  let indexes = false;
  let refusal = { status: 503 as ContentfulStatusCode, code: '', detail: '', left: 0 };

  function indexAll(): void {
    if (!indexes) return;
    for (const [id, name] of names) {
      if (posted.includes(name) && !name.startsWith('damaged'))
        found.set(id, hit(id, `${mark}-${name}`));
    }
  }

  app.get('/uploads', (c) => {
    const content_types = ['image/jpeg', 'image/png', 'image/webp'];
    return c.json({ enabled, max_bytes: 100_000, content_types });
  });
  app.post('/uploads', async (c) => {
    const { status, code, detail, left } = refusal;
    refusal.left = left - 1;
    c.header('retry-after', '1');
    if (left > 0) return c.json({ title: 'A', code, detail }, status);
    const { file_name } = await c.req.json<{ file_name: string }>();
    const id = String(1000 + names.size);
    names.set(id, file_name);
    const key = `${mark}-${file_name}`;
    return c.json({ id, key, url: '/uploads/form', method: 'POST', fields: { key } }, 201);
  });
  app.post('/uploads/form', async (c) => {
    const form = await c.req.parseBody();
    const name = String(form['key']).slice(mark.length + 1);
    if (name.startsWith('refused')) {
      const detail = 'Cannot upload the file as it is not as long as was agreed';
      return c.json({ title: 'Refused', code: 'upload_refused', detail }, 403);
    }
    posted.push(name);
    indexAll();
    return c.body(null, 204);
  });
  app.get('/images/:id', async (c, next) => {
    const id = c.req.param('id');
    const image = found.get(id);
    if (image) return c.json({ id, metadata: image.metadata });
    if (!names.has(id)) return next();
    return c.json({ title: 'Not found', code: 'not_found', detail: 'No picture' }, 404);
  });
  app.delete('/images/:id', (c) => {
    const id = c.req.param('id');
    if (c.req.header('authorization') === 'Bearer ps_search') {
      return c.json({ title: 'Forbidden', code: 'forbidden', detail: 'It lacks admin' }, 403);
    }
    removed.push(id);
    found.delete(id);
    return c.json({ id }, 202);
  });

  return {
    app,
    posted,
    removed,
    enable: (on) => (enabled = on),
    index() {
      indexes = true;
      indexAll();
    },
    refuseNext(status, code, detail, times = 1) {
      refusal = { status, code, detail, left: times };
    },
  };
}
