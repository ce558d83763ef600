import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { environments, type Settings } from '../cdk/settings.ts';
import { offering, readyAccount } from '../test/support/aws-account.ts';
import {
  type AwsAnswers,
  refusal,
  refusals,
  startAwsAnswers,
} from '../test/support/aws-answers.ts';
import { runScript, startScript } from '../test/support/processes.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { cdkArguments, readUrl } from './deploy-cdk.ts';

const newDirectory = useTemporaryDirectories();
const staging = settingsOf('staging');
const dev = settingsOf('dev');
let aws: AwsAnswers;
let env: Record<string, string>;
let directory: string;

function settingsOf(name: string): Settings {
  const settings = environments[name];
  if (settings === undefined) throw new Error(`There is no environment: ${name}`);
  return settings;
}

beforeAll(async () => {
  aws = await startAwsAnswers();
});

beforeEach(async () => {
  aws.actions = readyAccount(dev);
  aws.asked.length = 0;
  directory = await newDirectory();
  await writeProgram('docker', 'echo 28.1.0');
  const calls = join(directory, 'cdk.json');
  await writeProgram('cdk', `printf '%s\\n' "$@" > ${calls}; exit \${CDK_EXIT:-0}`);
  env = { ...aws.env, PATH: `${directory}${delimiter}${process.env['PATH'] ?? ''}` };
});

async function writeProgram(name: string, body: string): Promise<void> {
  const file = join(directory, name);
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o755);
}

const Findings = z.array(
  z.object({ what: z.string(), state: z.string(), says: z.string(), todo: z.string().optional() }),
);

/** Only what is not as it must be. */
async function check(environment = 'dev', more: Record<string, string> = {}) {
  const args = ['-c', `env=${environment}`, '--check', '--json'];
  const { code, stdout, stderr } = await runScript('deploy', args, { ...env, ...more });
  if (stdout === '') throw new Error(stderr);
  const findings = Findings.parse(JSON.parse(stdout));
  return { code, all: findings, open: findings.filter(({ state }) => state !== 'ok') };
}

describe('The checks before a deployment', () => {
  it('find nothing in an account that has everything, but the mail that nobody reads', async () => {
    const { open, all, code } = await check();
    expect(open).toEqual([
      {
        what: 'Mail of alarms',
        state: 'missing',
        says: 'nobody reads picture-search-dev@example.com',
        todo: 'Set alarmEmail of dev in cdk/settings.ts.',
      },
    ]);
    expect(all.map(({ what }) => what)).toEqual([
      'Credentials',
      'Bootstrap in us-east-1',
      'Quota On-Demand Standard (L-1216C47A)',
      'Quota concurrent executions (L-B99A9384)',
      'Zones of us-east-1',
      'Machines t4g.medium',
      'Machines c7i.xlarge',
      'Addresses of CloudFront',
      'Secret picture-search/dev/api-keys',
      'Secret picture-search/dev/benchmark-key',
      'Model',
      'Mail of alarms',
      'Docker',
    ]);
    expect(code).toBe(1);
  });

  it('say everything that is missing at once, each with what to do', async () => {
    aws.actions = {
      ...readyAccount(staging),
      GetParameter: refusal('ParameterNotFound', ''),
      GetServiceQuota: () => ({ body: { Quota: { Value: 8 } } }),
      DescribeAvailabilityZones: () => ({
        body: '<availabilityZoneInfo><item><zoneName>us-east-1a</zoneName><zoneState>available</zoneState></item></availabilityZoneInfo>',
      }),
      DescribeInstanceTypeOfferings: offering(['us-east-1a', 'us-east-1c']),
      DescribeManagedPrefixLists: () => ({
        body: '<prefixListSet><item><prefixListId>pl-1</prefixListId><prefixListName>com.amazonaws.global.cloudfront.origin-facing</prefixListName></item></prefixListSet>',
      }),
      DescribeSecret: refusals.absent,
    };
    await writeProgram('docker', 'exit 1');
    const { open, code } = await check('staging', { AWS_ACCOUNT_ID: '000000000000' });
    const said = Object.fromEntries(
      open.map(({ what, says, todo }) => [what, `${says} → ${todo}`]),
    );
    expect(said).toEqual({
      Account: expect.stringContaining('000000000000'),
      'Bootstrap in us-east-1': expect.stringContaining(
        'npx cdk bootstrap aws://123456789012/us-east-1',
      ),
      // Two tasks twice while a release is under way, 4 vCPUs each, and 16 of the backfill.
      'Quota On-Demand G and VT (L-DB2E81BA)': expect.stringMatching(
        /^8 vCPUs, and 32 are needed.*--quota-code L-DB2E81BA --desired-value 32/,
      ),
      'Quota concurrent executions (L-B99A9384)': expect.stringMatching(/^8 at a time/),
      'Zones of us-east-1': expect.stringMatching(/us-east-1b.*out of: us-east-1a/),
      'Machines g6.xlarge': expect.stringMatching(
        /not offered in us-east-1b.*us-east-1a, us-east-1c/,
      ),
      'Addresses of CloudFront': expect.stringContaining('Set originFacingPrefixList to pl-1.'),
      'Secret picture-search/staging/api-keys': expect.stringContaining(
        'npm run secrets -- -c env=staging create',
      ),
      'Secret picture-search/staging/benchmark-key': expect.stringContaining('create'),
      Model: expect.stringMatching(/not in .*lock\.json.*npm run models -- pull ViT-H-14/),
      'Mail of alarms': expect.stringContaining('alarmEmail of staging'),
      Docker: expect.stringContaining('the engine does not answer'),
    });
    expect(code).toBe(1);
  });

  it('ask nothing of AWS without credentials, and still look at all the rest', async () => {
    aws.actions = {
      GetCallerIdentity: refusal('InvalidClientTokenId', 'The token is not valid', 403),
    };
    await writeProgram('docker', 'exit 1');
    const { open } = await check();
    expect(open.map(({ what, state }) => `${what}: ${state}`)).toEqual([
      'Credentials: missing',
      'The rest of AWS: unknown',
      'Mail of alarms: missing',
      'Docker: missing',
    ]);
    expect(open[0]?.todo).toContain('aws sso login');
    expect(new Set(aws.asked)).toEqual(new Set(['GetCallerIdentity']));
  });

  it.each([
    ['denied', /not authorized/, /Let this role do servicequotas:GetServiceQuota/],
    ['throttled', /Rate exceeded/, /in a minute/],
  ] as const)('what is %s is not known, and not missing', async (kind, says, todo) => {
    aws.actions = { ...readyAccount(dev), GetServiceQuota: refusals[kind] };
    const { open } = await check();
    const quotas = open.filter(({ what }) => what.startsWith('Quota'));
    expect(quotas.map(({ state }) => state)).toEqual(['unknown', 'unknown']);
    for (const quota of quotas) {
      expect(quota.says).toMatch(says);
      expect(quota.todo).toMatch(todo);
    }
  });

  it('take what every account has where a quota was never changed', async () => {
    aws.actions = {
      ...readyAccount(dev),
      GetServiceQuota: refusal('NoSuchResourceException', 'none'),
      GetAWSDefaultServiceQuota: () => ({ body: { Quota: { Value: 12 } } }),
    };
    const { all } = await check();
    const [machines, functions] = all.filter(({ what }) => what.startsWith('Quota'));
    expect(machines).toMatchObject({ state: 'ok', says: '12 vCPUs, 10 needed at the most' });
    expect(functions).toMatchObject({ state: 'missing' });
  });

  it('see a zone that CloudFront does not reach', async () => {
    const zone = (name: string, id: string) =>
      `<item><zoneName>${name}</zoneName><zoneId>${id}</zoneId><zoneState>available</zoneState></item>`;
    const zones = [zone('us-east-1a', 'use1-az3'), zone('us-east-1b', 'use1-az1')];
    const body = `<availabilityZoneInfo>${zones.join('')}</availabilityZoneInfo>`;
    aws.actions = { ...readyAccount(dev), DescribeAvailabilityZones: () => ({ body }) };
    const { open } = await check();
    expect(open[0]).toMatchObject({
      says: "CloudFront can't reach a load balancer in us-east-1a (use1-az3)",
      todo: 'Choose zones in cdk/settings.ts out of: us-east-1b.',
    });
  });

  it('see an old bootstrap, and a secret that is about to go', async () => {
    aws.actions = {
      ...readyAccount(dev),
      GetParameter: () => ({ body: { Parameter: { Value: '5' } } }),
      DescribeSecret: ({ SecretId }) => ({ body: { Name: SecretId, DeletedDate: 1_700_000_000 } }),
    };
    const { open } = await check();
    expect(open.map(({ says }) => says)).toEqual([
      'version 5, and 6 is needed',
      'it is about to be deleted',
      'it is about to be deleted',
      expect.stringContaining('nobody reads'),
    ]);
  });
});

describe('The deployment', () => {
  it('does not begin while something is missing', async () => {
    const { code, stdout } = await runScript('deploy', ['-c', 'env=dev'], env);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^missing {2}Mail of alarms/m);
    expect(stdout).toContain('Cannot deploy as 1 of 13 is missing.');
    await expect(readFile(join(directory, 'cdk.json'))).rejects.toThrow(/ENOENT/);
  });

  it('hands everything that is not its own to cdk, and asks nothing where nobody sits', async () => {
    const args = ['-c', 'env=dev', '--force', '--hotswap', '-c', 'other=1'];
    const { code } = await runScript('deploy', args, env);
    const called = (await readFile(join(directory, 'cdk.json'), 'utf8')).trim().split('\n');
    const usual = ['--require-approval', 'never', '--concurrency', '4', '--progress', 'events'];
    expect(called.toSpliced(-2, 1)).toEqual([
      'deploy',
      '--all',
      '-c',
      'env=dev',
      '--hotswap',
      '-c',
      'other=1',
      ...usual,
      '--outputs-file',
      '--force',
    ]);
    expect(code).toBe(0);
    const failed = await runScript('deploy', ['-c', 'env=dev', '--force'], {
      ...env,
      CDK_EXIT: '7',
    });
    expect(failed.code).toBe(7);
  });

  it('does not begin after Ctrl-C during the checks', async () => {
    let ask = () => {};
    const asked = new Promise<void>((resolve) => (ask = resolve));
    aws.actions = {
      ...readyAccount(dev),
      // Slow: it is looked at again.
      DescribeSecret: () => {
        ask();
        return { status: 500, body: { __type: 'InternalServiceError', message: 'later' } };
      },
    };
    const script = startScript('deploy', ['-c', 'env=dev', '--force'], {
      ...env,
      AWS_MAX_ATTEMPTS: '10',
    });
    await asked;
    script.process.kill('SIGINT');
    expect(await script.finished).toMatchObject({ code: null });
    await expect(readFile(join(directory, 'cdk.json'))).rejects.toThrow(/ENOENT/);
  });

  it.each([['--chek'], ['--chek=true'], ['--forse']])('is refused with %s', async (slip) => {
    await writeProgram('cdk', "echo '  -a, --all  [boolean]'");
    const { code, stderr } = await runScript('deploy', ['-c', 'env=dev', slip], env);
    expect(stderr).toContain(`nor cdk deploy has the option (see --help): ${slip.split('=')[0]}`);
    expect(code).toBe(1);
    expect(aws.asked).toEqual([]);
  });

  it('ends with the address', async () => {
    const outputs = join(directory, 'outputs.json');
    const written = {
      'picture-search-dev-front': { Url: 'https://d1.cloudfront.net', Other: 'x' },
    };
    await writeFile(outputs, JSON.stringify(written));
    const args = ['-c', 'env=dev', '--force', '--outputs-file', outputs];
    const { stdout } = await runScript('deploy', args, env);
    expect(stdout).toContain('npm run smoke -- https://d1.cloudfront.net');
    expect(await readUrl(outputs, { environment: 'staging' })).toBeUndefined();
  });

  it('asks by hand before it broadens rights, and lets itself be told otherwise', () => {
    const options = { outputs: 'o.json', isAttended: true };
    expect(cdkArguments(['-c', 'env=dev'], options)).toEqual(
      'deploy --all -c env=dev --require-approval broadening --concurrency 1 --progress events --outputs-file o.json --force'.split(
        ' ',
      ),
    );
    const given = ['picture-search-dev-edge', '--require-approval=never', '-O', 'mine.json'];
    const called = cdkArguments(given, options);
    expect(called).toEqual(expect.not.arrayContaining(['--all', 'broadening', 'o.json']));
  });
});
