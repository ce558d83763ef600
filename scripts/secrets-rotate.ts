import { randomBytes } from 'node:crypto';
import type { Async, Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import { wrongArgument } from './command.ts';
import { benchmarkKey, dropOldKey, parseKeyList, replaceKey } from './secrets-keys.ts';
import { keyLine } from './secrets-make.ts';
import type { SecretStore } from './secrets-store.ts';

export interface Rotation {
  readonly name: string;
  /** Of a key in `api-keys`. */
  readonly id?: string | undefined;
  /** Goes on with a rotation that was begun and deployed. */
  readonly next: boolean;
}

const deploy = 'Now raise secretsVersion in cdk/settings.ts and deploy.';

/** One step; what it says tells the next one. */
export function rotate(store: SecretStore, { name, id, next }: Rotation): Async<string> {
  if (name === 'service') return rotateService(store, next);
  if (name === 'benchmark-key') return rotateKey(store, benchmarkKey.id, next);
  if (name === 'api-keys' && id !== undefined) return rotateKey(store, id, next);
  const why =
    name === 'api-keys'
      ? 'api-keys needs --id: the key in it that is replaced'
      : `only service, benchmark-key and api-keys can be rotated (openai-api-key: set): ${name}`;
  return Promise.resolve(wrongArgument(why));
}

/**
 * Every process accepts all secrets of the list and sends the first. While a release is under way old
 * and new processes ask each other, so a secret is known to all before anybody sends it, and sent by
 * nobody before it is forgotten: `old` → `old,new` → `new,old` → `new`.
 */
async function rotateService(store: SecretStore, next: boolean): Async<string> {
  const current = await store.read('service');
  if (!current.ok) return current;
  const secrets = listOf(current.value);
  const [first, second] = secrets;
  if (first === undefined) return wrongArgument('the stacks make this secret first: service');
  if (second === undefined) {
    if (next) return wrongArgument('no rotation is under way: service');
    return write(
      store,
      [first, randomBytes(32).toString('hex')],
      [
        'Step 1 of 3: a new secret is accepted beside the old one.',
        `${deploy} Then: rotate service --next`,
      ],
    );
  }
  const step = await stepOf(store, secrets);
  if (!step.ok) return step;
  if (!next) {
    return wrongArgument(
      `step ${step.value} of 3 is done: once it is deployed, go on with --next: service`,
    );
  }
  if (step.value === 1) {
    return write(
      store,
      [second, first],
      [
        'Step 2 of 3: the new secret is the one that is sent.',
        `${deploy} Then: rotate service --next`,
      ],
    );
  }
  return write(store, [first], ['Step 3 of 3: the old secret is forgotten.', deploy]);
}

/** The value before tells where a list of two comes from. */
async function stepOf(store: SecretStore, secrets: readonly string[]): Async<1 | 2> {
  const before = await store.read('service', 'AWSPREVIOUS');
  if (!before.ok) return before;
  const previous = listOf(before.value);
  const is = (...expected: readonly (string | undefined)[]) =>
    previous.join(',') === expected.join(',');
  const [first, second] = secrets;
  if (secrets.length === 2 && is(first)) return ok(1);
  if (secrets.length === 2 && is(second, first)) return ok(2);
  return wrongArgument(
    'it was changed by hand: set it to one secret, or to "old,new" out of "old": service',
  );
}

async function write(
  store: SecretStore,
  secrets: readonly string[],
  said: readonly string[],
): Async<string> {
  const written = await store.write('service', secrets.join(','));
  return written.ok ? ok(`${said.join('\n')}\n`) : written;
}

function listOf(text = ''): string[] {
  return text
    .split(',')
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '');
}

async function rotateKey(store: SecretStore, id: string, next: boolean): Async<string> {
  const text = await store.read('api-keys');
  if (!text.ok) return text;
  const list = parseKeyList(text.value);
  if (!list.ok) return list;
  if (next) {
    const left: Result<unknown, Failure> = dropOldKey(list.value, id);
    if (!left.ok) return left;
    const written = await store.write('api-keys', JSON.stringify(left.value));
    return written.ok ? ok(`Step 2 of 2: the old key of ${id} is gone.\n${deploy}\n`) : written;
  }
  const made = replaceKey(list.value, id);
  if (!made.ok) return made;
  const written = await store.write('api-keys', JSON.stringify(made.value.list));
  if (!written.ok) return written;
  if (id === benchmarkKey.id) {
    const kept = await store.write('benchmark-key', made.value.key);
    if (!kept.ok) return kept;
  }
  const said = keyLine(`Step 1 of 2: a new key of ${id}, beside the old one`, made.value.key);
  const then = `${deploy} When nobody uses the old one any more: rotate … --next, and deploy again.`;
  return ok(`${said}\n${then}\n`);
}
