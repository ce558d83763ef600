import { describe, expect, it } from 'vitest';
import { ApiKeys, createApiKeyCheck } from '../core/api-keys.ts';
import { runScript } from '../test/support/processes.ts';

describe('npm run keys', () => {
  it('makes a key and an entry that belong together', async () => {
    const args = ['create', '--id', 'web', '--scopes', 'search,write', '--per-second', '2.5'];
    const { code, stdout } = await runScript('keys', args);
    expect(code).toBe(0);
    const key = /ps_\S+/.exec(stdout)?.[0] ?? '';
    const keys = ApiKeys.parse(`[${/\{.*\}/.exec(stdout)?.[0]}]`);
    expect(keys).toMatchObject([
      { id: 'web', scopes: ['search', 'write'], rate: { perSecond: 2.5, burst: 5 } },
    ]);
    expect(createApiKeyCheck(keys)(key)?.id).toBe('web');
    expect(JSON.stringify(keys)).not.toContain(key);
  });

  it.each([
    [[], 'create'],
    [['create', '--id', 'web'], '--scopes'],
    [['create', '--id', 'Web', '--scopes', 'search'], 'id must be'],
    [['create', '--id', 'web', '--scopes', 'read'], 'scopes.0'],
    [['create', '--id', 'web', '--scopes', 'search', '--burst', '3'], '--per-second'],
    [['create', '--id', 'web', '--scopes', 'search', '--per-second', 'x'], 'rate.perSecond'],
    [['create', '--name', 'web'], '--help'],
  ])('says what is wrong with %j', async (args, said) => {
    const { code, stdout, stderr } = await runScript('keys', args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(said);
  });
});
