import { parseArgs } from 'node:util';
import type { Settings } from '../cdk/settings.ts';
import { ApiKey } from '../core/api-keys.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { parseFields } from '../http/parse-request.ts';
import { wrongArgument } from './command.ts';
import { secretName, withoutContext } from './deploy-environment.ts';
import { readSecretValue } from './secrets-input.ts';
import { parseKeyList, putKey, removeKey } from './secrets-keys.ts';
import { createKeys, keyLine, raiseVersion } from './secrets-make.ts';
import { rotate } from './secrets-rotate.ts';
import type { SecretStore } from './secrets-store.ts';

export const secretsHelp = `Secrets of one environment on AWS (Secrets Manager, picture-search/<env>/…).

  npm run secrets -- -c env=dev|staging|prod <command>

  list                        which there are, and when they changed; never what they are
  create                      makes what is missing of api-keys (an admin key) and benchmark-key
  add --id web --scopes search [--per-second 10 --burst 20]   one more key in api-keys
  remove --id web             takes it back
  set openai-api-key          reads the value from the standard input, typed unseen or piped
  set qdrant-api-key          the same, for a Qdrant outside
  rotate service              old → old,new → new,old → new: a step each time, --next for the next one
  rotate benchmark-key        a new key beside the old one; --next drops the old one
  rotate api-keys --id web    the same for a key of api-keys
  --help                      this text

A key that was just made is printed once; nothing else that is secret ever is. Processes read secrets
when they start: raise secretsVersion in cdk/settings.ts and deploy.
`;

const all = [
  'api-keys',
  'benchmark-key',
  'openai-api-key',
  'qdrant-api-key',
  'service',
  'cache-password',
] as const;
const settable: readonly string[] = ['openai-api-key', 'qdrant-api-key'];

interface SecretsOptions {
  readonly id?: string | undefined;
  readonly scopes?: string | undefined;
  readonly 'per-second'?: string | undefined;
  readonly burst?: string | undefined;
  readonly next: boolean;
}

export function parseSecretsArguments(args: readonly string[]) {
  return parseArgs({
    args: withoutContext(args),
    allowPositionals: true,
    options: {
      id: { type: 'string' },
      scopes: { type: 'string' },
      'per-second': { type: 'string' },
      burst: { type: 'string' },
      next: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

/** Runs one command; what it says may have a key that was made just now. */
export function runSecrets(
  store: SecretStore,
  settings: Settings,
  [command, name, ...rest]: readonly string[],
  options: SecretsOptions,
): Async<string> {
  const { id } = options;
  if (rest.length > 0) return refuse(`it takes no more than a name: ${rest.join(' ')}`);
  if ((command === 'set' || command === 'rotate') === (name === undefined)) {
    return refuse(
      `${command ?? 'it'} ${name === undefined ? 'needs' : 'takes no'} name (see --help)`,
    );
  }
  if (command === 'list') return list(store, settings);
  if (command === 'create') return createKeys(store);
  if (command === 'set' && name !== undefined) return set(store, settings, name);
  if (command === 'rotate' && name !== undefined) {
    return rotate(store, { name, id, next: options.next });
  }
  if (command === 'add') return add(store, options);
  if (command === 'remove') return remove(store, id);
  return refuse('the command must be list, create, add, remove, set or rotate (see --help)');
}

async function refuse(why: string): Async<never> {
  return wrongArgument(why);
}

async function list(store: SecretStore, settings: Settings): Async<string> {
  const lines: string[] = [];
  for (const name of all) {
    const changed = await store.changed(name);
    if (!changed.ok) return changed;
    const when =
      changed.value === undefined ? 'not there' : `changed ${changed.value.toISOString()}`;
    lines.push(`${secretName(settings, name).padEnd(42)} ${when}\n`);
  }
  return ok(lines.join(''));
}

async function set(store: SecretStore, { qdrant }: Settings, name: string): Async<string> {
  if (!settable.includes(name)) return refuse(`only ${settable.join(' and ')} can be set: ${name}`);
  if (name === 'qdrant-api-key' && qdrant.kind === 'own') {
    return refuse(`the stacks make the key of a Qdrant of their own: ${name}`);
  }
  const value = await readSecretValue(name);
  if (!value.ok) return value;
  const written = await store.write(name, value.value);
  return written.ok ? ok(`${name} is kept.\n${raiseVersion}`) : written;
}

async function add(store: SecretStore, options: SecretsOptions): Async<string> {
  const { id = '', scopes = '', 'per-second': perSecond, burst } = options;
  const rate = {
    perSecond: Number(perSecond),
    burst: burst === undefined ? Math.max(1, Math.ceil(2 * Number(perSecond))) : Number(burst),
  };
  const entry = parseFields(ApiKey.omit({ hash: true }), {
    id,
    scopes: scopes.split(',').map((scope) => scope.trim()),
    ...(perSecond === undefined ? {} : { rate }),
  });
  if (!entry.ok) return wrongArgument(`it needs --id and --scopes (${entry.error.detail})`);
  const text = await store.read('api-keys');
  if (!text.ok) return text;
  const keys = parseKeyList(text.value);
  if (!keys.ok) return keys;
  if (keys.value.some((one) => one.id === id)) return refuse(`there is a key of this id: ${id}`);
  const made = putKey(keys.value, entry.value);
  const written = await store.write('api-keys', JSON.stringify(made.list));
  return written.ok ? ok(`${keyLine(`The key of ${id}`, made.key)}\n${raiseVersion}`) : written;
}

async function remove(store: SecretStore, id = ''): Async<string> {
  const text = await store.read('api-keys');
  if (!text.ok) return text;
  const keys = parseKeyList(text.value);
  if (!keys.ok) return keys;
  const left = removeKey(keys.value, id);
  if (!left.ok) return left;
  const written = await store.write('api-keys', JSON.stringify(left.value));
  return written.ok ? ok(`The key of ${id} is gone.\n${raiseVersion}`) : written;
}
