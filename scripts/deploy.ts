import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../cdk/settings.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { parseFields } from '../http/parse-request.ts';
import { runCommand } from './command.ts';
import { cdkArguments, outputsFile, readUrl, runCdk } from './deploy-cdk.ts';
import { checkAll } from './deploy-checks.ts';
import { settingsFrom } from './deploy-environment.ts';
import type { Finding } from './deploy-finding.ts';
import { checkOptions } from './deploy-options.ts';
import { formatFindings, summarise } from './deploy-report.ts';
import { secretFinding } from './deploy-secrets.ts';
import { ModelSettings } from './model-settings.ts';
import { askYes } from './secrets-input.ts';
import { makeSecrets } from './secrets-make.ts';

const help = `Puts one environment of cdk/settings.ts on AWS, when everything that it needs is there.

  npm run deploy -- -c env=dev|staging|prod [options] [any option of cdk deploy]

  --check, --dry-run   looks at what is needed, says all that is missing, and deploys nothing
  --force              deploys although something is missing
  --json               with --check: for machines
  --help               this text

Looks for: credentials, bootstrap, quotas, zones and types of machines, CloudFront's addresses, the model,
secrets, Docker, the mail of alarms, and for prod a clean working tree. Region and zones are those of the
settings, credentials as the AWS SDK finds them (AWS_PROFILE, …). AWS_ACCOUNT_ID: it has to be this account.
Without a terminal, or with CI set, nothing is asked. Exit code 1: something is missing, or cdk failed.
`;

const ownOptions = ['--check', '--dry-run', '--force', '--json', '--help'] as const;
const directory = join(import.meta.dirname, '..');

await runCommand(async (args) => {
  const isSet = (name: (typeof ownOptions)[number]) => args.includes(name);
  if (isSet('--help')) {
    process.stdout.write(help);
    return ok(0);
  }
  const settings = settingsFrom(args);
  if (!settings.ok) return settings;
  const options = await checkOptions(args, ownOptions);
  if (!options.ok) return options;
  const models = parseFields(ModelSettings, process.env);
  if (!models.ok) return models;
  const isAttended = process.stdin.isTTY === true && (process.env['CI'] ?? '') === '';
  const look = () => lookAround(settings.value, models.value);
  let findings = await look();
  const isCheck = isSet('--check') || isSet('--dry-run');
  if (isCheck && isSet('--json')) {
    process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
    return ok(lacks(findings) ? 1 : 0);
  }
  tell(findings);
  if (isCheck) return ok(lacks(findings) ? 1 : 0);
  if (isAttended && (await offerSecrets(settings.value, findings))) {
    findings = await look();
    tell(findings);
  }
  if (lacks(findings) && !isSet('--force')) return ok(1);
  const rest = args.filter((arg) => !ownOptions.some((name) => name === arg));
  return deploy(settings.value, rest, isAttended);
});

/** Ctrl-C ends the process here: what could not be found out for that would not hold up a deployment. */
function lookAround(settings: Settings, models: ModelSettings): Promise<Finding[]> {
  const { CDK_DOCKER: docker, AWS_ACCOUNT_ID: account } = process.env;
  const { signal } = new AbortController();
  return checkAll({ settings, models, directory, docker, account }, signal);
}

function tell(findings: readonly Finding[]): void {
  process.stdout.write(`${formatFindings(findings)}\n${summarise(findings)}\n\n`);
}

function lacks(findings: readonly Finding[]): boolean {
  return findings.some(({ state }) => state === 'missing');
}

/** Whether secrets were made that were missing. */
async function offerSecrets(settings: Settings, findings: readonly Finding[]): Promise<boolean> {
  const without = findings.filter(
    ({ what, state }) => state === 'missing' && what.startsWith(secretFinding),
  );
  if (without.length === 0 || !(await askYes('Make the missing secrets now?'))) return false;
  const made = await makeSecrets(settings);
  process.stdout.write(made.ok ? `${made.value}\n` : `${made.error.detail}\n`);
  return made.ok;
}

async function deploy(
  settings: Settings,
  args: readonly string[],
  isAttended: boolean,
): Async<number> {
  const temporary = await mkdtemp(join(tmpdir(), 'picture-search-deploy-'));
  try {
    const outputs = outputsFile(args, join(temporary, 'outputs.json'));
    const code = await runCdk(cdkArguments(args, { outputs, isAttended }), directory);
    if (code !== 0) return ok(code);
    const url = await readUrl(outputs, settings);
    if (url !== undefined)
      process.stdout.write(`\nDeployed: ${url}\n\n  npm run smoke -- ${url}\n`);
    return ok(0);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
