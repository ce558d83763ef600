import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { Hono } from 'hono';

const web = join(import.meta.dirname, '../../web');

/** The files of the client, each as a script of its own: for tests that import it in a browser. */
export function createClientScripts(): Hono {
  const app = new Hono();
  for (const name of globSync('*.ts', { cwd: web, exclude: ['*.test.ts', '*.config.ts'] })) {
    const source = readFileSync(join(web, name), 'utf8');
    const script = stripTypeScriptTypes(source).replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'");
    app.get(`/${name.replace(/\.ts$/, '.js')}`, (c) =>
      c.body(script, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }),
    );
  }
  return app;
}
