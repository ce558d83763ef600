import * as z from 'zod';
import { type Async, failure, type Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { SecretsManager, SecretTrouble } from './secrets-manager.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Names or ARNs of secrets, by the variable that they become. */
const Secrets = z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string().min(1).max(2048));

/**
 * An environment with its secrets: what `SECRETS` names is asked of AWS Secrets Manager, all at the same
 * time, and set as if somebody had written it there. Without `SECRETS` nothing is asked, or loaded.
 *
 * Where Secrets Manager is, and who asks, is read from the environment that is given, by the names that
 * the SDK of AWS has for it. Lambda sets region and credentials itself.
 *
 * @param tryMs How long an answer may take; what may pass is asked for twice. Lambda gives a start ten
 * seconds.
 * @returns `invalid_field` where a secret can't be used as it is, with an error for each variable;
 * `timeout` where all the trouble may pass. No value of a secret is in any of them.
 */
export async function withSecrets(env: Environment, tryMs = 2000): Async<Environment> {
  if (!env['SECRETS']) return ok(env);
  const wanted = parseSecrets(env['SECRETS']);
  if (!wanted.ok) return wanted;
  const manager = await openManager(env, tryMs);
  if (!manager.ok) return manager;
  const read = await Promise.all(
    Object.entries(wanted.value).map(async ([name, id]) => {
      return { name, id, result: await manager.value.read(id) };
    }),
  );
  const troubles = read.flatMap(({ name, id, result }) =>
    result.ok ? [] : [{ name, id, ...result.error }],
  );
  if (troubles.length > 0) return err(failureOf(troubles));
  const values = read.map(({ name, result }) => [name, result.ok ? result.value : undefined]);
  return ok({ ...env, ...Object.fromEntries(values) });
}

function parseSecrets(text: string): Result<z.output<typeof Secrets>, Failure> {
  try {
    const parsed = Secrets.safeParse(JSON.parse(text));
    if (parsed.success) return ok(parsed.data);
  } catch {
    // Said below.
  }
  // Not repeated: somebody may have taken it for the place of the secrets themselves.
  const detail =
    'Cannot start as SECRETS must be JSON with the name of a secret for each variable, such as {"SERVICE_SECRET":"its name or ARN"}';
  return err(failure('invalid_field', detail));
}

async function openManager(
  env: Environment,
  tryMs: number,
): Promise<Result<SecretsManager, Failure>> {
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key } = env;
  if (!region || !id || !key) {
    const detail =
      'Cannot ask for the secrets that SECRETS names as AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set, as Lambda sets them';
    return err(failure('invalid_field', detail));
  }
  const { createSecretsManager } = await import('./secrets-manager.ts');
  const endpoint = env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] || env['AWS_ENDPOINT_URL'];
  const credentials = {
    accessKeyId: id,
    secretAccessKey: key,
    sessionToken: env['AWS_SESSION_TOKEN'],
  };
  return ok(
    createSecretsManager({ region, credentials, tryMs, ...(endpoint ? { endpoint } : {}) }),
  );
}

type Trouble = SecretTrouble & { readonly name: string; readonly id: string };

function failureOf(troubles: readonly Trouble[]): Failure {
  const errors = troubles.map(({ name, id, why }) => ({
    path: name,
    message: `${name} can't be read from its secret (${why}): ${id}`,
  }));
  const detail = `Cannot start as ${errors.map(({ message }) => message).join('; ')}`;
  const passing = troubles.every((each) => each.passing);
  return failure(passing ? 'timeout' : 'invalid_field', detail, { errors });
}
