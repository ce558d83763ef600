import { type ApiKey, ApiKeys, createApiKey, hashApiKey, type Scope } from '../core/api-keys.ts';
import { type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { wrongArgument } from './command.ts';

/** A list of hashes, and the key that was just made for it. */
export interface KeyMade {
  readonly list: readonly ApiKey[];
  readonly key: string;
}

/** What the benchmark and the smoke test search with: its own limit would look like failures. */
export const benchmarkKey = {
  id: 'benchmark',
  scopes: ['search'] satisfies Scope[],
  rate: { perSecond: 0, burst: 1 },
} as const;

export const adminKey = {
  id: 'admin',
  scopes: ['search', 'write', 'admin'] satisfies Scope[],
} as const;

/** The end of the id of a key that another has replaced, while both are good. */
const oldEnd = '-old';

export function parseKeyList(text: string | undefined): Result<readonly ApiKey[], Failure> {
  if (text === undefined) return ok([]);
  const parsed = ApiKeys.safeParse(text);
  if (parsed.success) return ok(parsed.data);
  const said = parsed.error.issues.map(({ message }) => message).join('; ');
  return err(failure('invalid_field', `Cannot read the secret api-keys as it ${said}`));
}

/** A new key for an id; one that the id had is gone. */
export function putKey(
  list: readonly ApiKey[],
  entry: Omit<ApiKey, 'hash' | 'scopes'> & { readonly scopes: readonly Scope[] },
): KeyMade {
  const key = createApiKey();
  const others = list.filter(({ id }) => id !== entry.id);
  const made = { ...entry, scopes: [...entry.scopes], hash: hashApiKey(key) };
  return { list: [...others, made], key };
}

/** Makes sure that a key which exists already may be used. */
export function knowKey(
  list: readonly ApiKey[],
  entry: Omit<ApiKey, 'hash' | 'scopes'> & { readonly scopes: readonly Scope[] },
  key: string,
): readonly ApiKey[] {
  const hash = hashApiKey(key);
  if (list.some((one) => one.hash === hash)) return list;
  const others = list.filter(({ id }) => id !== entry.id);
  return [...others, { ...entry, scopes: [...entry.scopes], hash }];
}

/** The first step: a new key beside the old one, of the same scopes and rate. */
export function replaceKey(list: readonly ApiKey[], id: string): Result<KeyMade, Failure> {
  const old = list.find((one) => one.id === id);
  if (old === undefined) return noSuchKey(list, id);
  const oldId = oldIdOf(id);
  if (list.some((one) => one.id === oldId)) {
    return wrongArgument(
      `the old key of ${id} is still there: drop it with --next, once nobody uses it`,
    );
  }
  const key = createApiKey();
  const others = list.filter((one) => one !== old);
  const both = [
    { ...old, hash: hashApiKey(key) },
    { ...old, id: oldId },
  ];
  return ok({ list: [...others, ...both], key });
}

/** The second step: without the old one. */
export function dropOldKey(
  list: readonly ApiKey[],
  id: string,
): Result<readonly ApiKey[], Failure> {
  const oldId = oldIdOf(id);
  if (!list.some((one) => one.id === oldId)) {
    return wrongArgument(`no rotation of the key is under way: ${id}`);
  }
  return ok(list.filter((one) => one.id !== oldId));
}

/** Takes a key back, and the one that it is replacing just now: neither is good any more. */
export function removeKey(list: readonly ApiKey[], id: string): Result<readonly ApiKey[], Failure> {
  if (!list.some((one) => one.id === id)) return noSuchKey(list, id);
  const left = list.filter((one) => one.id !== id && one.id !== oldIdOf(id));
  if (left.length === 0) return wrongArgument(`it is the only key there is: ${id}`);
  return ok(left);
}

function oldIdOf(id: string): string {
  return `${id.slice(0, 32 - oldEnd.length)}${oldEnd}`;
}

function noSuchKey(list: readonly ApiKey[], id: string): Result<never, Failure> {
  const known = list.map((one) => one.id).join(', ');
  return wrongArgument(`there is no key of this id (there are: ${known || 'none'}): ${id}`);
}
