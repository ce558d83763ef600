import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import { err, ok, type Result } from '../core/result.ts';
import { askAws, type Check, type Finding, found, missing, notSaid } from './deploy-finding.ts';

export interface Caller {
  readonly account: string;
  readonly arn: string;
}

const what = 'Credentials';

/** Who deploys, and where to; nothing else can be asked without. */
export async function findCaller(
  sts: STSClient,
  signal: AbortSignal,
): Promise<Result<Caller, Finding>> {
  const asked = await askAws('STS', signal, (abortSignal) =>
    sts.send(new GetCallerIdentityCommand({}), { abortSignal }),
  );
  if (asked.ok) {
    const { Account: account = '', Arn: arn = '' } = asked.value;
    return ok({ account, arn });
  }
  const todo =
    'Sign in (aws sso login, or AWS_PROFILE=…), so that `aws sts get-caller-identity` answers.';
  return err(missing(what, asked.error.says, todo));
}

export function sayCaller({ account, arn }: Caller): Finding {
  return found(what, `account ${account} as ${arn.replace(/^arn:aws[^:]*:/, '')}`);
}

/** The account that the settings of the environment, or who calls it, mean. */
export function checkAccount(caller: Caller, expected: string | undefined): Finding[] {
  if (expected === undefined || expected === '' || expected === caller.account) return [];
  const says = `AWS_ACCOUNT_ID is ${expected}, but these credentials are for ${caller.account}`;
  return [missing('Account', says, 'Take the credentials of the other account.')];
}

const parameter = '/cdk-bootstrap/hnb659fds/version';

/** Below this the bootstrap has no roles and no places for images as they are used today. */
const leastVersion = 6;

/** Whether the region was made ready for the CDK. */
export function checkBootstrap(
  ssm: SSMClient,
  { region, account }: { readonly region: string; readonly account: string },
): Check {
  const place = `Bootstrap in ${region}`;
  const todo = `npx cdk bootstrap aws://${account}/${region} -c env=…`;
  return async (signal) => {
    const asked = await askAws('SSM', signal, (abortSignal) =>
      ssm.send(new GetParameterCommand({ Name: parameter }), { abortSignal }),
    );
    if (!asked.ok) {
      if (asked.error.kind !== 'absent') return [notSaid(place, asked.error, 'ssm:GetParameter')];
      return [missing(place, 'this region was never made ready for the CDK', todo)];
    }
    const version = Number(asked.value.Parameter?.Value);
    if (version >= leastVersion) return [found(place, `version ${version}`)];
    return [missing(place, `version ${version}, and ${leastVersion} is needed`, todo)];
  };
}
