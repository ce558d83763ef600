import { listOf, type PlacedResource, refersTo } from './cdk-resources.ts';

/** Who may connect to a security group. */
export interface Ingress {
  readonly group: PlacedResource;
  readonly from: number;
  readonly to: number;
  /** One of `CidrIp`, `CidrIpv6`, `SourcePrefixListId`, `SourceSecurityGroupId`. */
  readonly source: unknown;
}

const sources = ['CidrIp', 'CidrIpv6', 'SourcePrefixListId', 'SourceSecurityGroupId'] as const;

/** Every rule that lets somebody in, whether it stands in its group or beside it. */
export function ingressOf(resources: readonly PlacedResource[]): Ingress[] {
  const groups = resources.filter(({ type }) => type === 'AWS::EC2::SecurityGroup');
  const inside = groups.flatMap((group) =>
    listOf(group.properties['SecurityGroupIngress']).map((rule) => toIngress(group, rule)),
  );
  const beside = resources
    .filter(({ type }) => type === 'AWS::EC2::SecurityGroupIngress')
    .flatMap(({ name, properties }) => {
      const group = groups.find((one) => refersTo(properties['GroupId'], one));
      if (group === undefined) throw new Error(`A rule of no group: ${name}`);
      return toIngress(group, properties);
    });
  return [...inside, ...beside];
}

function toIngress(group: PlacedResource, rule: unknown): Ingress {
  const fields = rule as Record<string, unknown>;
  const source = sources.map((name) => fields[name]).find((value) => value !== undefined);
  // Without ports it is all of them.
  const [from = 0, to = 65_535] = [fields['FromPort'], fields['ToPort']].map((port) =>
    port === undefined ? undefined : Number(port),
  );
  return { group, from, to, source };
}
