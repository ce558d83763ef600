import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Settings } from '../cdk/settings.ts';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { secretName } from './deploy-environment.ts';
import { askAws } from './deploy-finding.ts';

export type SecretStage = 'AWSCURRENT' | 'AWSPREVIOUS';

/** The secrets of one environment, by their short names. */
export interface SecretStore {
  /** Undefined where there is none. */
  read(name: string, stage?: SecretStage): Async<string | undefined>;
  /** Makes it, or gives it a new value; the one before stays as `AWSPREVIOUS`. */
  write(name: string, value: string): Async<void>;
  /** When its value changed last; undefined where there is none. */
  changed(name: string): Async<Date | undefined>;
}

export function createSecretStore(client: SecretsManagerClient, settings: Settings): SecretStore {
  const idOf = (name: string) => secretName(settings, name);
  return {
    async read(name, stage = 'AWSCURRENT') {
      const input = { SecretId: idOf(name), VersionStage: stage };
      const asked = await ask(idOf(name), (abortSignal) =>
        client.send(new GetSecretValueCommand(input), { abortSignal }),
      );
      return asked.ok ? ok(asked.value?.SecretString) : asked;
    },
    async write(name, value) {
      const put = await ask(idOf(name), (abortSignal) =>
        client.send(new PutSecretValueCommand({ SecretId: idOf(name), SecretString: value }), {
          abortSignal,
        }),
      );
      if (!put.ok) return put;
      return put.value === undefined ? make(client, settings, name, value) : ok(undefined);
    },
    async changed(name) {
      const asked = await ask(idOf(name), (abortSignal) =>
        client.send(new DescribeSecretCommand({ SecretId: idOf(name) }), { abortSignal }),
      );
      if (!asked.ok || asked.value === undefined) return asked.ok ? ok(undefined) : asked;
      return ok(asked.value.LastChangedDate ?? asked.value.CreatedDate ?? new Date(0));
    },
  };
}

async function make(
  client: SecretsManagerClient,
  settings: Settings,
  name: string,
  value: string,
): Async<void> {
  const input = {
    Name: secretName(settings, name),
    SecretString: value,
    Tags: [
      { Key: 'project', Value: 'picture-search' },
      { Key: 'environment', Value: settings.environment },
    ],
  };
  const made = await ask(input.Name, (abortSignal) =>
    client.send(new CreateSecretCommand(input), { abortSignal }),
  );
  return made.ok ? ok(undefined) : made;
}

/** Undefined where there is no such secret. */
async function ask<T>(
  id: string,
  work: (abortSignal: AbortSignal) => Promise<T>,
): Async<T | undefined> {
  const asked = await askAws('Secrets Manager', new AbortController().signal, work);
  if (asked.ok) return asked;
  if (asked.error.kind === 'absent') return ok(undefined);
  const todo = asked.error.kind === 'credentials' ? ' (aws sso login, or AWS_PROFILE=…)' : '';
  const detail = `Cannot use the secret ${id} as ${asked.error.says}${todo}`;
  return err(failure('objects_unavailable', detail));
}
