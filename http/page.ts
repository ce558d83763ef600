import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname, join } from 'node:path';
import { Hono } from 'hono';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ts': 'text/javascript; charset=utf-8',
};

/**
 * The search page, from a folder of HTML, CSS and TypeScript, read once. The types are stripped
 * here, so that there is no build step between `npm ci` and `npm start`.
 */
export function createPage(directory: string): Hono {
  const app = new Hono();
  for (const name of readdirSync(directory)) {
    const type = types[extname(name)];
    if (type === undefined || name.endsWith('.test.ts')) continue;
    const text = readFileSync(join(directory, name), 'utf8');
    const body = name.endsWith('.ts') ? toJavaScript(text) : text;
    app.get(`/${servedName(name)}`, (c) =>
      c.body(body, 200, { 'Content-Type': type, 'Cache-Control': 'no-cache' }),
    );
  }
  return app;
}

function servedName(name: string): string {
  return name === 'index.html' ? '' : name.replace(/\.ts$/, '.js');
}

function toJavaScript(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'");
}
