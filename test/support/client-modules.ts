import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { Hono } from 'hono';

const folder = join(import.meta.dirname, '../../web');

/** The client as a browser loads it, module by module: `/client.js` and what it imports. */
export function createClientModules(): Hono {
  const app = new Hono();
  app.get('/:name{[a-z-]+\\.js}', (c) => {
    const source = join(folder, c.req.param('name').replace(/\.js$/, '.ts'));
    const code = stripTypeScriptTypes(readFileSync(source, 'utf8')).replaceAll(".ts'", ".js'");
    return c.body(code, 200, { 'Content-Type': 'text/javascript; charset=utf-8' });
  });
  return app;
}
