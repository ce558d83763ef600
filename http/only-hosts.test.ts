import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { localHosts, onlyHosts } from './only-hosts.ts';

const app = new Hono();
app.use(onlyHosts(localHosts));
app.get('/', (c) => c.text('here'));

function ask(host?: string) {
  return app.request('/', { headers: host === undefined ? {} : { host } });
}

describe('a server for this machine alone', () => {
  it.each(['localhost', 'localhost:8000', 'LOCALHOST:8000', '127.0.0.1:1', '[::1]:8000'])(
    'answers as %s',
    async (host) => {
      expect((await ask(host)).status).toBe(200);
    },
  );

  it.each(['evil.example', 'localhost.evil.example:8000', '127.0.0.1.evil.example', undefined])(
    'does not answer as %s',
    async (host) => {
      const response = await ask(host);
      expect(response.status).toBe(421);
      expect(await response.json()).toMatchObject({ code: 'wrong_host' });
    },
  );
});
