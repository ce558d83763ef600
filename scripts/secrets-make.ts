import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Settings } from '../cdk/settings.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { clientOf } from './deploy-checks.ts';
import { adminKey, benchmarkKey, knowKey, parseKeyList, putKey } from './secrets-keys.ts';
import { createSecretStore, type SecretStore } from './secrets-store.ts';

/** The keys of an environment that has none yet, with the credentials that the SDK finds. */
export function makeSecrets(settings: Settings): Async<string> {
  const client = new SecretsManagerClient(clientOf(settings.region));
  return createKeys(createSecretStore(client, settings));
}

/**
 * Makes what is missing of `api-keys` and `benchmark-key`, and leaves alone what is there. What it
 * says has the keys that were made, which nobody can show again.
 *
 * The list goes first: of two halves the one that can be mended is a hash without its key.
 */
export async function createKeys(store: SecretStore): Async<string> {
  const text = await store.read('api-keys');
  if (!text.ok) return text;
  const before = parseKeyList(text.value);
  if (!before.ok) return before;
  const known = await store.read('benchmark-key');
  if (!known.ok) return known;
  const said: string[] = [];
  let list = before.value;
  if (text.value === undefined) {
    const made = putKey(list, adminKey);
    list = made.list;
    said.push(keyLine('The key of the administrator (search, write, admin)', made.key));
  }
  let benchmark = known.value;
  if (benchmark === undefined) {
    const made = putKey(list, benchmarkKey);
    list = made.list;
    benchmark = made.key;
    said.push(keyLine('The key of the benchmark (search), kept in benchmark-key too', made.key));
  } else {
    list = knowKey(list, benchmarkKey, benchmark);
  }
  if (list !== before.value) {
    const written = await store.write('api-keys', JSON.stringify(list));
    if (!written.ok) return written;
  }
  if (known.value === undefined) {
    const written = await store.write('benchmark-key', benchmark);
    if (!written.ok) return written;
  }
  if (list === before.value) return ok('All keys are there already: nothing was made.\n');
  return ok(`${said.join('\n')}${said.length > 0 ? '\n' : ''}${raiseVersion}`);
}

/** A key is shown this once. */
export function keyLine(label: string, key: string): string {
  return `${label}; it is shown this once:\n\n  ${key}\n`;
}

export const raiseVersion =
  'Where the environment runs already: raise secretsVersion in cdk/settings.ts and deploy.\n';
