import type { TemplateResource, TemplateText } from './cdk-app.ts';

/** What is known of a deployed function, or a container, from its template alone. */
export interface DeployedProcess {
  /** As it would find it: a reference is a text that could be there. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it reads from Secrets Manager, by variable. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The resources of a type, those of this project's own code alone. */
export function resourcesOf({ Resources = {} }: TemplateText, type: string): TemplateResource[] {
  return Object.values(Resources).filter((resource) => resource.Type === type);
}

/** The function whose log group has this name at its end. */
export function functionOf(template: TemplateText, name: string): TemplateResource {
  const found = resourcesOf(template, 'AWS::Lambda::Function').find(
    (resource) => nameOf(template, resource) === name,
  );
  if (found === undefined) throw new Error(`The template has no function ${name}`);
  return found;
}

/** What a function is called here: `picture-search-<environment>-<name>`, without its beginning. */
export function nameOf({ Resources = {} }: TemplateText, resource: TemplateResource): string {
  const { LogGroup } = propertiesOf(resource)['LoggingConfig'] as { LogGroup: { Ref: string } };
  const { LogGroupName } = propertiesOf(Resources[LogGroup.Ref]);
  return String(LogGroupName).replace(/^picture-search-[^-]+-/, '');
}

export function processOf(resource: TemplateResource): DeployedProcess {
  const { Variables = {} } = (propertiesOf(resource)['Environment'] ?? {}) as {
    Variables?: Readonly<Record<string, unknown>>;
  };
  const { SECRETS = '{}', ...environment } = Object.fromEntries(
    Object.entries(Variables).map(([name, value]) => [name, textOf(value, name)]),
  );
  return { environment, secrets: JSON.parse(SECRETS) as Readonly<Record<string, string>> };
}

/**
 * What a role may do, a line for each action and resource: `s3:GetObject Pictures/*`; `not …` is a denial.
 * Left out is what every function may: its log, its secrets, its network.
 */
export function rightsOf({ Resources = {} }: TemplateText, resource: TemplateResource): string[] {
  const role = (propertiesOf(resource)['Role'] as { 'Fn::GetAtt': [string] })['Fn::GetAtt'][0];
  const policies = Object.values(Resources).filter(({ Type, Properties = {} }) => {
    return Type === 'AWS::IAM::Policy' && JSON.stringify(Properties['Roles']).includes(`"${role}"`);
  });
  return policies
    .flatMap((policy) => statementsOf(policy))
    .flatMap(({ Effect, Action, Resource }) =>
      listOf(Action).flatMap((action) =>
        listOf(Resource).map((each) => {
          const right = `${String(action)} ${textOf(each, '').replace(/^<(.*)>/, '$1')}`;
          return Effect === 'Deny' ? `not ${right}` : right;
        }),
      ),
    )
    .filter((right) => !/^(not )?(logs|secretsmanager|ec2):/.test(right))
    .toSorted();
}

interface Statement {
  readonly Effect: string;
  readonly Action: unknown;
  readonly Resource: unknown;
}

function statementsOf(policy: TemplateResource): readonly Statement[] {
  const { Statement } = propertiesOf(policy)['PolicyDocument'] as { Statement: Statement[] };
  return Statement;
}

export function propertiesOf(
  resource: TemplateResource | undefined,
): Readonly<Record<string, unknown>> {
  return resource?.Properties ?? {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** What a reference could stand for, by the variable that has it. */
const standIns: Readonly<Record<string, string>> = {
  PICTURES_BUCKET: 'pictures',
  SNAPSHOTS_BUCKET: 'snapshots',
  REDIS_PORT: '6379',
  QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/queue',
  DEAD_LETTER_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters',
  GENERATIONS_ARN: 'arn:aws:cloudfront::123456789012:key-value-store/generations',
};

function textOf(value: unknown, variable: string): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Join': join } = value as { readonly 'Fn::Join'?: [string, readonly unknown[]] };
  if (join) return join[1].map((part) => textOf(part, '')).join(join[0]);
  return standIns[variable] ?? shortName(JSON.stringify(value));
}

/** `Pictures` of a reference to that bucket, be it in this stack or in another. */
function shortName(reference: string): string {
  const [, name] =
    /(?:FnGetAtt|PublishOutputRef|"Ref":"|"Fn::GetAtt":\[")([A-Za-z]+?)[\dA-F]{8}/.exec(
      reference,
    ) ?? [];
  return name ?? reference.replaceAll(/[^\w]/g, '');
}
