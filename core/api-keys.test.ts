import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createKey } from '../test/support/api-keys.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { ApiKeys, createApiKey, createApiKeyCheck, hashApiKey } from './api-keys.ts';
import { parseEnv } from './env.ts';

const Config = z.object({ API_KEYS: ApiKeys });
const parse = (text: string) => parseEnv(Config, { API_KEYS: text });
const { key: secret, ...entry } = createKey({ rate: { perSecond: 0.5, burst: 3 } });

describe('the list of API keys', () => {
  it('is read from JSON', () => {
    const other = { ...entry, id: 'ops', hash: hashApiKey('x'), scopes: ['admin', 'write'] };
    const { API_KEYS: keys } = expectOk(parse(JSON.stringify([entry, other])));
    expect(keys).toEqual([entry, other]);
    expect(expectOk(parse('[]'))).toEqual({ API_KEYS: [] });
  });

  it.each([
    ['text that is not JSON', secret, 'API_KEYS: must be valid JSON'],
    ['a cut list', `[{"id": "${secret}`, 'API_KEYS: must be valid JSON'],
    ['no list', JSON.stringify({ [secret]: entry }), 'API_KEYS: must be a list'],
    ['a list of keys in clear', JSON.stringify([secret]), 'API_KEYS.0: must be {'],
    ['a key in clear as hash', list({ hash: secret }), 'API_KEYS.0.hash: must be "sha256:"'],
    ['a key in clear as id', list({ id: secret }), 'API_KEYS.0.id: must be 1 to 32'],
    ['a key in clear as field', list({ [secret]: 1 }), 'API_KEYS.0: must be {'],
    ['a key in clear as scope', list({ scopes: [secret] }), 'API_KEYS.0.scopes.0: Invalid option'],
    ['a key in clear in the rate', list({ rate: { [secret]: 1 } }), 'API_KEYS.0.rate: must be {'],
    ['no scopes', list({ scopes: [] }), 'API_KEYS.0.scopes'],
    ['a rate below 0', list({ rate: { perSecond: -1, burst: 1 } }), 'API_KEYS.0.rate.perSecond'],
    ['an empty bucket', list({ rate: { perSecond: 1, burst: 0 } }), 'API_KEYS.0.rate.burst'],
    ['a hash in capitals', list({ hash: entry.hash.toUpperCase() }), 'API_KEYS.0.hash'],
    ['an id twice', JSON.stringify([entry, { ...entry, hash: hashApiKey('x') }]), 'an id twice'],
    ['a hash twice', JSON.stringify([entry, { ...entry, id: 'other' }]), 'a hash twice'],
  ])('refuses %s, and repeats no secret', (_, text, said) => {
    const refused = expectFailure(parse(text));
    expect(refused.detail).toContain(said);
    expect(JSON.stringify(refused)).not.toContain(secret);
  });
});

describe('the check of a key', () => {
  const others = Array.from({ length: 5 }, (_, n) => createKey({ id: `other-${n}` }));
  const check = createApiKeyCheck([...others.slice(0, 2), entry, ...others.slice(2)]);

  it('finds whose key it is, wherever it is in the list', () => {
    expect(check(secret)).toEqual(entry);
    for (const { key, id } of others) expect(check(key)?.id).toBe(id);
  });

  it('knows no other key, and not its own hash', () => {
    const wrong = [createApiKey(), '', secret.slice(1), `${secret} `, entry.hash];
    for (const text of wrong) expect(check(text)).toBeUndefined();
    expect(createApiKeyCheck([])(secret)).toBeUndefined();
  });

  it('takes no key that a person made up, even if its hash is configured', () => {
    const weak = createApiKeyCheck([{ ...entry, hash: hashApiKey('password') }]);
    expect(weak('password')).toBeUndefined();
  });

  it('is asked with keys that nobody can guess', () => {
    const keys = new Set(Array.from({ length: 100 }, createApiKey));
    expect(keys.size).toBe(100);
    for (const key of keys) expect(key).toMatch(/^ps_[\w-]{43}$/);
  });
});

function list(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([{ ...entry, ...changes }]);
}
