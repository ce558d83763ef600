import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { environments } from '../cdk/settings.ts';
import { ApiKeys, createApiKeyCheck } from '../core/api-keys.ts';
import type { Failure } from '../core/failure.ts';
import type { Result } from '../core/result.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { type AwsAnswers, refusals, startAwsAnswers } from '../test/support/aws-answers.ts';
import { testCredentials } from '../test/support/aws-server.ts';
import { createSecretsOfAws, type SecretsOfAws } from '../test/support/aws-secrets.ts';
import { runScript } from '../test/support/processes.ts';
import { parseSecretsArguments, runSecrets } from './secrets-command.ts';
import { parseKeyList } from './secrets-keys.ts';
import { createSecretStore } from './secrets-store.ts';

const keyPattern = /ps_[\w-]{43}/g;
const name = (secret: string) => `picture-search/dev/${secret}`;
const settings = devSettings();
let aws: AwsAnswers;
let secrets: SecretsOfAws;

function devSettings() {
  const { dev } = environments;
  if (dev === undefined) throw new Error('There is no environment dev');
  return dev;
}

beforeAll(async () => {
  aws = await startAwsAnswers();
});

beforeEach(() => {
  secrets = createSecretsOfAws();
  aws.actions = secrets.actions;
});

function runProcess(...args: string[]) {
  return runScript('secrets', ['-c', 'env=dev', ...args], aws.env);
}

/** The same in this process, and over the wire all the same. */
async function run(...args: string[]): Promise<Result<string, Failure>> {
  const { values, positionals } = parseSecretsArguments(args);
  const client = new SecretsManagerClient({
    region: settings.region,
    endpoint: aws.url,
    credentials: testCredentials,
  });
  const said = await runSecrets(createSecretStore(client, settings), settings, positionals, values);
  client.destroy();
  return said;
}

/** What it says, once it ended well. */
const said = async (...args: string[]) => expectOk(await run(...args));
const refused = async (...args: string[]) => expectFailure(await run(...args)).detail;

/** The ids of the keys that are good, by what they may. */
function checkNow() {
  return createApiKeyCheck(ApiKeys.parse(secrets.current(name('api-keys'))));
}

describe('create', () => {
  it('makes an admin key and the one of the benchmark, and shows each once', async () => {
    const [admin = '', benchmark = '', ...more] = (await said('create')).match(keyPattern) ?? [];
    expect(more).toEqual([]);
    const check = checkNow();
    expect(check(admin)).toMatchObject({ id: 'admin', scopes: ['search', 'write', 'admin'] });
    expect(check(benchmark)).toMatchObject({ id: 'benchmark', rate: { perSecond: 0, burst: 1 } });
    expect(secrets.current(name('benchmark-key'))).toBe(benchmark);
    expect(secrets.current(name('api-keys'))).not.toMatch(keyPattern);
    expect(secrets.tags(name('api-keys'))).toContainEqual({ Key: 'environment', Value: 'dev' });
  });

  it('changes nothing the second time', async () => {
    await said('create');
    const before = secrets.writes();
    const again = await said('create');
    expect(again).toContain('nothing was made');
    expect(again).not.toMatch(keyPattern);
    expect(secrets.writes()).toBe(before);
  });

  it('mends what was broken off in the middle', async () => {
    await said('create');
    secrets.forget(name('benchmark-key'));
    const [benchmark = '', ...more] = (await said('create')).match(keyPattern) ?? [];
    expect(more).toEqual([]);
    expect(checkNow()(benchmark)?.id).toBe('benchmark');
    expect(expectOk(parseKeyList(secrets.current(name('api-keys'))))).toHaveLength(2);
    secrets.forget(name('api-keys'));
    await said('create');
    expect(checkNow()(benchmark)?.id).toBe('benchmark');
  });

  it('leaves alone a list that it cannot read', async () => {
    secrets.write(name('api-keys'), 'ps_not-a-list');
    const detail = await refused('create');
    expect(detail).toContain('must be valid JSON');
    expect(detail).not.toContain('ps_not');
    expect(secrets.current(name('api-keys'))).toBe('ps_not-a-list');
  });
});

describe('list', () => {
  it('says which there are, and shows none', async () => {
    await said('create');
    const { stdout: text, code } = await runProcess('list');
    expect(code).toBe(0);
    expect(text).toMatch(/^picture-search\/dev\/api-keys +changed \d{4}-/m);
    expect(text).toMatch(/^picture-search\/dev\/openai-api-key +not there$/m);
    expect(text).not.toMatch(keyPattern);
    expect(text).not.toContain('sha256');
  });

  it('says that it may not, where it may not', async () => {
    aws.actions = { DescribeSecret: refusals.denied };
    const { code, stderr } = await runProcess('list');
    expect(stderr).toMatch(
      /^Cannot use the secret picture-search\/dev\/api-keys as .*not authorized/,
    );
    expect(code).toBe(1);
  });
});

describe('set', () => {
  it('reads the value from the standard input, and does not repeat it', async () => {
    const { stdout, code } = await runWithInput(['set', 'openai-api-key'], 'sk-secret\n');
    expect(secrets.current(name('openai-api-key'))).toBe('sk-secret');
    expect(stdout).toContain('secretsVersion');
    expect(stdout).not.toContain('sk-secret');
    expect(code).toBe(0);
  });

  it.each([
    ['', 'there is no value'],
    ['two\nlines', 'several lines'],
  ])('refuses %j', async (input, why) => {
    const { stderr, code } = await runWithInput(['set', 'openai-api-key'], input);
    expect(stderr).toContain(why);
    expect(code).toBe(1);
  });

  function runWithInput(args: readonly string[], input: string) {
    const file = join(import.meta.dirname, 'secrets.ts');
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [file, '-c', 'env=dev', ...args], {
      env: { ...aws.env, PATH },
    });
    const printed = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => (printed[stream] += text));
    }
    child.stdin.end(input);
    return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      child.once('close', (code) => resolve({ code, ...printed }));
    });
  }
});

describe('add and remove', () => {
  it('change one key of the list', async () => {
    await said('create');
    const options = ['--id', 'web', '--scopes', 'search,write', '--per-second', '5'];
    const [web = ''] = (await said('add', ...options)).match(keyPattern) ?? [];
    expect(checkNow()(web)).toMatchObject({ scopes: ['search', 'write'], rate: { burst: 10 } });
    expect(await refused('add', ...options)).toContain('there is a key of this id: web');
    await said('remove', '--id', 'web');
    expect(checkNow()(web)).toBeUndefined();
    expect(await refused('remove', '--id', 'web')).toContain('there are: admin, benchmark');
  });

  it('take back both keys of a rotation that is under way', async () => {
    await said('create');
    const [old = ''] =
      (await said('add', '--id', 'web', '--scopes', 'search')).match(keyPattern) ?? [];
    const [fresh = ''] = (await said('rotate', 'api-keys', '--id', 'web')).match(keyPattern) ?? [];
    expect([checkNow()(old)?.id, checkNow()(fresh)?.id]).toEqual(['web-old', 'web']);
    await said('remove', '--id', 'web');
    expect([checkNow()(old), checkNow()(fresh)]).toEqual([undefined, undefined]);
  });

  it('refuse scopes that there are not', async () => {
    expect(await refused('add', '--id', 'web', '--scopes', 'search,everything')).toContain(
      'scopes.1',
    );
    expect(secrets.writes()).toBe(0);
  });
});

describe('rotate', () => {
  it('a key: both are good until the old one is dropped', async () => {
    const [, old = ''] = (await said('create')).match(keyPattern) ?? [];
    const [fresh = ''] = (await said('rotate', 'benchmark-key')).match(keyPattern) ?? [];
    expect(secrets.current(name('benchmark-key'))).toBe(fresh);
    expect([checkNow()(fresh)?.id, checkNow()(old)?.id]).toEqual(['benchmark', 'benchmark-old']);
    expect(checkNow()(fresh)?.rate).toEqual({ perSecond: 0, burst: 1 });
    // Once more would throw away a key that is in use.
    expect(await refused('rotate', 'benchmark-key')).toContain('--next');
    await said('rotate', 'benchmark-key', '--next');
    expect([checkNow()(fresh)?.id, checkNow()(old)]).toEqual(['benchmark', undefined]);
    expect(await refused('rotate', 'benchmark-key', '--next')).toContain('no rotation');
  });

  it('the secret between edge and service: every release knows what the one before sends', async () => {
    const id = name('service');
    secrets.write(id, 'the-old-one-0123456789');
    const values: string[][] = [['the-old-one-0123456789']];
    for (const args of [[], ['--next'], ['--next']]) {
      const text = await said('rotate', 'service', ...args);
      const value = secrets.current(id)?.split(',') ?? [];
      for (const secret of value) expect(text).not.toContain(secret);
      values.push(value);
    }
    const [old] = values[0] ?? [];
    const [, fresh] = values[1] ?? [];
    expect(fresh).toMatch(/^[\da-f]{64}$/);
    expect(values).toEqual([[old], [old, fresh], [fresh, old], [fresh]]);
    for (const [place, value] of values.entries()) {
      const next = values[place + 1] ?? value;
      expect(next).toContain(value[0]);
      expect(value).toContain(next[0]);
    }
  });

  it('does no step twice by mistake', async () => {
    const id = name('service');
    secrets.write(id, 'the-old-one-0123456789');
    expect(await refused('rotate', 'service', '--next')).toContain('no rotation');
    await said('rotate', 'service');
    const kept = secrets.current(id);
    expect(await refused('rotate', 'service')).toContain('step 1 of 3 is done');
    expect(secrets.current(id)).toBe(kept);
    secrets.write(id, 'somebody-wrote-0123456,by-hand-0123456789');
    expect(await refused('rotate', 'service', '--next')).toContain('changed by hand');
  });

  it('needs what the stacks make', async () => {
    expect(await refused('rotate', 'service')).toContain('the stacks make this secret first');
    expect(await refused('rotate', 'openai-api-key')).toContain('(openai-api-key: set)');
    expect(await refused('rotate', 'api-keys')).toContain('needs --id');
  });
});

it.each([
  [[], 'the command must be'],
  [['list', 'all'], 'takes no name'],
  [['set'], 'set needs name'],
  [['set', 'service'], 'can be set: service'],
  [['set', 'qdrant-api-key'], 'the stacks make the key'],
  [['add'], 'it needs --id and --scopes'],
])('says what is wrong with %j', async (args, why) => {
  expect(await refused(...args)).toContain(why);
});

it('takes no value as an argument', async () => {
  const { code, stderr } = await runProcess('create', '--value', 'x');
  expect(stderr).toContain('--value');
  expect(code).toBe(1);
});
