import { type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

export interface InsideGroupProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly description: string;
}

/**
 * For what runs here: it may connect to the private endpoints of AWS, to buckets, and to somebody
 * else's Qdrant where that is used. All else is said by rules of its own; who may connect to it, too.
 */
export function createInsideGroup(
  scope: Construct,
  id: string,
  { settings, vpc, description }: InsideGroupProps,
): SecurityGroup {
  const group = new SecurityGroup(scope, id, { vpc, description, allowAllOutbound: false });
  group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'AWS, by private endpoints');
  const { qdrant } = settings;
  if (qdrant.kind === 'outside') {
    for (const port of new Set([qdrant.port, qdrant.grpcPort])) {
      if (port !== 443) group.addEgressRule(Peer.anyIpv4(), Port.tcp(port), 'Qdrant');
    }
  }
  return group;
}
