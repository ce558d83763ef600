import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Hono } from 'hono';
import { ok } from '../core/result.ts';
import { listen } from '../http/server.ts';
import { runCommand, wrongArgument } from './command.ts';

/**
 * What a cached search is compared with: `POST /search` that reads nothing and answers with the bytes
 * of a file, under these headers. `node scripts/bare-server.ts <file> <headers as JSON>`
 */
await runCommand(async ([file, json]) => {
  if (file === undefined || json === undefined) {
    return wrongArgument('there must be a file and headers');
  }
  const body = await readFile(file, 'utf8');
  const headers = JSON.parse(json) as Record<string, string>;
  const app = new Hono();
  app.post('/search', (c) => c.body(body, 200, headers));
  const server = await listen({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 });
  if (!server.ok) return server;
  process.stdout.write(`Ready: http://127.0.0.1:${server.value.port}\n`);
  await once(process, 'SIGTERM');
  await server.value.close(1000);
  return ok(0);
});
