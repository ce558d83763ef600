import { EC2Client } from '@aws-sdk/client-ec2';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { requestHandlerOf } from '../adapters/aws-requests.ts';
import type { Settings } from '../cdk/settings.ts';
import { checkAccount, checkBootstrap, findCaller, sayCaller } from './deploy-account.ts';
import type { Check, Finding } from './deploy-finding.ts';
import { checkAlarmEmail, checkDocker, checkGit } from './deploy-local.ts';
import { checkModel } from './deploy-model.ts';
import { checkInstanceTypes, checkPrefixList, checkZones } from './deploy-places.ts';
import { checkFunctionQuota, checkMachineQuotas } from './deploy-quotas.ts';
import { checkSecrets } from './deploy-secrets.ts';
import type { ModelSettings } from './model-settings.ts';

/** Where CloudFront's firewall and certificate are. */
const globalRegion = 'us-east-1';

export interface Preflight {
  readonly settings: Settings;
  readonly models: ModelSettings;
  /** Of the project. */
  readonly directory: string;
  readonly docker?: string | undefined;
  /** The account that it has to be. */
  readonly account?: string | undefined;
}

/** Everything that a deployment needs, all of it looked at whatever is missing of the rest. */
export async function checkAll(parts: Preflight, signal: AbortSignal): Promise<Finding[]> {
  const { settings, models, directory } = parts;
  const local = [
    checkModel(settings.model, models),
    checkAlarmEmail(settings),
    checkDocker(parts.docker),
    checkGit(settings, directory),
  ];
  const [onAws, ...others] = await Promise.all([
    checkAws(parts, signal),
    ...local.map((check) => check(signal)),
  ]);
  return [...onAws, ...others.flat()];
}

async function checkAws(
  { settings, account }: Preflight,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const caller = await findCaller(new STSClient(clientOf(settings.region)), signal);
  if (!caller.ok) {
    const rest = 'bootstrap, quotas, zones, machine types, addresses of CloudFront, secrets';
    const says = `nothing else of AWS could be asked: ${rest}`;
    const todo = 'Run it again with credentials.';
    return [caller.error, { what: 'The rest of AWS', state: 'unknown', says, todo }];
  }
  const findings = await Promise.all(
    awsChecks(settings, caller.value.account).map((check) => check(signal)),
  );
  return [sayCaller(caller.value), ...checkAccount(caller.value, account), ...findings.flat()];
}

function awsChecks(settings: Settings, account: string): readonly Check[] {
  const client = clientOf(settings.region);
  const ec2 = new EC2Client(client);
  const quotas = new ServiceQuotasClient(client);
  const regions = [...new Set([settings.region, globalRegion])];
  return [
    ...regions.map((region) =>
      checkBootstrap(new SSMClient(clientOf(region)), { region, account }),
    ),
    checkMachineQuotas(quotas, ec2, settings),
    checkFunctionQuota(quotas, settings),
    checkZones(ec2, settings),
    checkInstanceTypes(ec2, settings),
    checkPrefixList(ec2, settings),
    checkSecrets(new SecretsManagerClient(client), settings),
  ];
}

const deadlines = { connectMs: 3_000, answerMs: 10_000, idleMs: 10_000 };

/** Credentials are as the SDK finds them. */
export function clientOf(region: string) {
  return { region, requestHandler: requestHandlerOf({}, deadlines), maxAttempts: 3 };
}
