import { type Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type FunctionOptions, LoggingFormat, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';

import type { Construct } from 'constructs';
import { type ProcessEnvironment, setTexts } from '../environment.ts';
import type { Settings } from '../settings.ts';
import { createInsideGroup } from './inside-security-group.ts';

/** What every function of this system is told, be it a bundle or an image. */
export interface FunctionProps {
  readonly settings: Settings;
  /** Its log group is `picture-search-<environment>-<name>`. */
  readonly name: string;
  readonly description: string;
  /** Checked where it is made: `satisfies EnvOf<typeof SomeConfig>`. */
  readonly environment: ProcessEnvironment;
  readonly memoryMb: number;
  readonly timeout: Duration;
  /** Where it asks what is inside. Left out: it reaches AWS over the internet, and nothing that is inside. */
  readonly vpc?: IVpc;
  /** How many of it run at once, at most. Left out: as many as the account lets. */
  readonly reservedConcurrency?: number;
  /**
   * Whether stack traces name the sources, as they do if this is left out. Node reads every map when it
   * loads what it belongs to: that is 80 of 230 ms of the edge's start, so not where somebody waits for it.
   */
  readonly sourceMaps?: boolean;
}

/**
 * Role, log group, security group and environment of a function. Its role may write its log and read its
 * own secrets, and nothing else until somebody grants more.
 *
 * Secrets are no part of the environment, which whoever may describe a function can read: it has their
 * ARNs (`SECRETS`, JSON by variable), and the function asks for them when it starts. `SECRETS_VERSION` is
 * read by nobody: to change it starts every instance anew.
 */
export function functionOptions(
  scope: Construct,
  props: FunctionProps,
): FunctionOptions & { readonly role: Role } {
  const { settings, environment, vpc } = props;
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  const logGroup = new LogGroup(scope, 'Logs', {
    logGroupName: `picture-search-${settings.environment}-${props.name}`,
    retention: settings.logRetentionDays,
    removalPolicy: settings.keepData
      ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
      : RemovalPolicy.DESTROY,
  });
  logGroup.grantWrite(role);
  for (const secret of Object.values(environment.secrets)) secret.grantRead(role);
  if (vpc) attachToNetwork(role);
  return {
    role,
    logGroup,
    // Lines are documents already, those of the metrics too: in JSON Lambda would wrap them.
    loggingFormat: LoggingFormat.TEXT,
    description: props.description,
    memorySize: props.memoryMb,
    timeout: props.timeout,
    // Traces are OpenTelemetry's, where there is a collector.
    tracing: Tracing.DISABLED,
    environment: variablesOf(scope, props),
    ...(vpc && {
      vpc,
      securityGroups: [
        createInsideGroup(scope, 'SecurityGroup', {
          settings,
          vpc,
          description: props.description,
        }),
      ],
    }),
    ...(props.reservedConcurrency !== undefined && {
      reservedConcurrentExecutions: props.reservedConcurrency,
    }),
  };
}

function variablesOf(
  scope: Construct,
  { environment: { text, secrets }, settings, sourceMaps = true }: FunctionProps,
): Record<string, string> {
  const arns = Object.entries(secrets).map(([name, secret]) => [name, secret.secretArn]);
  return {
    ...setTexts(text),
    ...(sourceMaps && { NODE_OPTIONS: '--enable-source-maps' }),
    ...(arns.length > 0 && {
      SECRETS: Stack.of(scope).toJsonString(Object.fromEntries(arns)),
      SECRETS_VERSION: String(settings.secretsVersion),
    }),
  };
}

const networkActions = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/**
 * Lambda makes the network interfaces of a function in the function's name, and takes no narrower resource.
 * The code of the function has no business there: what it signs itself is refused.
 */
function attachToNetwork(role: Role): void {
  role.addToPolicy(new PolicyStatement({ actions: networkActions, resources: ['*'] }));
  role.addToPolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      actions: networkActions,
      resources: ['*'],
      conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
    }),
  );
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'Lambda checks for these rights on all resources before it attaches a function to a network; a denial beside them keeps the code of the function itself from using them.',
  });
}
