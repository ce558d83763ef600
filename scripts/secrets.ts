import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ok } from '../core/result.ts';
import { runCommand } from './command.ts';
import { clientOf } from './deploy-checks.ts';
import { settingsFrom } from './deploy-environment.ts';
import { parseSecretsArguments, runSecrets, secretsHelp } from './secrets-command.ts';
import { createSecretStore } from './secrets-store.ts';

await runCommand(async (args) => {
  const { values, positionals } = parseSecretsArguments(args);
  if (values.help) {
    process.stdout.write(secretsHelp);
    return ok(0);
  }
  const settings = settingsFrom(args);
  if (!settings.ok) return settings;
  const client = new SecretsManagerClient(clientOf(settings.value.region));
  const store = createSecretStore(client, settings.value);
  const said = await runSecrets(store, settings.value, positionals, values);
  if (!said.ok) return said;
  process.stdout.write(said.value);
  return ok(0);
});
