import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { problemOf } from '../test/support/problem.ts';
import { withHeaders } from './middleware.ts';
import { requireServiceSecret, ServiceSecrets, serviceSecretHeader } from './service-secret.ts';

const [oldSecret, newSecret] = ['the-old-secret-of-the-service', 'the-new-secret-of-the-service'];

function createGuarded(secrets: readonly string[]) {
  const app = new Hono();
  app.use(withHeaders(), requireServiceSecret(secrets));
  return app.all('*', (c) => c.text('in'));
}

describe('a service with a secret', () => {
  it.each([
    undefined,
    '',
    'wrong',
    newSecret.slice(0, -1),
    `${newSecret} `.toUpperCase(),
    `${newSecret},${oldSecret}`,
  ])('refuses who does not know it: %s', async (given) => {
    const headers: Record<string, string> =
      given === undefined ? {} : { [serviceSecretHeader]: given };
    const app = createGuarded([newSecret, oldSecret]);
    const response = await app.request('/search', { method: 'POST', headers });
    const problem = await problemOf(response);
    expect([problem.status, problem.code]).toEqual([401, 'unauthenticated']);
    expect(problem.detail).not.toContain(newSecret);
  });

  it.each([oldSecret, newSecret])('takes every secret that is valid now: %s', async (given) => {
    const app = createGuarded([newSecret, oldSecret]);
    const response = await app.request('/search', { headers: { [serviceSecretHeader]: given } });
    expect(await response.text()).toBe('in');
  });

  it('is open for probes, and for nothing that looks like one', async () => {
    const app = createGuarded([newSecret]);
    for (const path of ['/livez', '/readyz', '/health', '/metrics']) {
      expect((await app.request(path)).status).toBe(200);
    }
    for (const path of ['/livez/', '/health/../search', '//livez', '/stats', '/livez%2f', '/']) {
      expect((await app.request(path)).status).toBe(401);
    }
  });

  it('is open where no secret is set', async () => {
    expect((await createGuarded([]).request('/search')).status).toBe(200);
  });
});

describe('the setting', () => {
  it('is a list, the first of which is sent', () => {
    expect(ServiceSecrets.parse(undefined)).toEqual([]);
    expect(ServiceSecrets.parse(' ')).toEqual([]);
    expect(ServiceSecrets.parse(`${newSecret}, ${oldSecret},`)).toEqual([newSecret, oldSecret]);
  });

  it.each([
    'short',
    'a secret with spaces in it',
    `${'ä'.repeat(20)}`,
    `${newSecret}\n${oldSecret}`,
  ])('is refused when it can not be a header or is easy to guess: %s', (text) =>
    expect(ServiceSecrets.safeParse(text).success).toBe(false),
  );
});
