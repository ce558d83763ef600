import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Settings } from '../cdk/settings.ts';
import { secretName, secretsNeeded } from './deploy-environment.ts';
import { askAws, type Check, type Finding, found, missing, notSaid } from './deploy-finding.ts';

/** How the findings about secrets begin. */
export const secretFinding = 'Secret ';

/** Whether the secrets that the stacks only refer to are there. */
export function checkSecrets(secrets: SecretsManagerClient, settings: Settings): Check {
  return (signal) =>
    Promise.all(secretsNeeded(settings).map((name) => look(secrets, settings, name, signal)));
}

async function look(
  secrets: SecretsManagerClient,
  settings: Settings,
  name: string,
  signal: AbortSignal,
): Promise<Finding> {
  const { environment, region } = settings;
  const id = secretName(settings, name);
  const what = `${secretFinding}${id}`;
  const asked = await askAws('Secrets Manager', signal, (abortSignal) =>
    secrets.send(new DescribeSecretCommand({ SecretId: id }), { abortSignal }),
  );
  if (asked.ok && asked.value.DeletedDate !== undefined) {
    const todo = `aws secretsmanager restore-secret --region ${region} --secret-id ${id}`;
    return missing(what, 'it is about to be deleted', todo);
  }
  if (asked.ok) return found(what, 'there');
  if (asked.error.kind !== 'absent') {
    return notSaid(what, asked.error, 'secretsmanager:DescribeSecret');
  }
  const isMadeHere = name === 'api-keys' || name === 'benchmark-key';
  const command = isMadeHere ? 'create' : `set ${name}`;
  return missing(what, 'not there', `npm run secrets -- -c env=${environment} ${command}`);
}
