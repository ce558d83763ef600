import { Duration, Validations } from 'aws-cdk-lib';
import { Peer, Port, SecurityGroup, type Vpc } from 'aws-cdk-lib/aws-ec2';
import { ApplicationLoadBalancer, CfnLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { privateSubnets } from './network-vpc.ts';

/** Where the edge listens. */
export const edgePort = 80;

/** How long a connection may be silent: more than any request may take, and than CloudFront waits. */
const balancerIdleSeconds = 120;

/**
 * Internal: no address of it is on the internet. Who may ask on which port is said by two security
 * groups. The rules of the first belong to later stacks (`connections`); CloudFront's are in the
 * second, which nobody changes: its list of addresses counts as 55 rules of the 60 that one may have.
 */
export function createBalancer(
  scope: Construct,
  vpc: Vpc,
  settings: Settings,
): ApplicationLoadBalancer {
  // What it may connect to is what lets it in. An egress rule for each would name later stacks.
  const securityGroup = new SecurityGroup(scope, 'BalancerGroup', {
    vpc,
    description: 'Load balancer: parts of picture search, by rules of their own',
    allowAllOutbound: true,
  });
  const balancer = new ApplicationLoadBalancer(scope, 'Balancer', {
    vpc,
    vpcSubnets: privateSubnets,
    internetFacing: false,
    securityGroup,
    dropInvalidHeaderFields: true,
    deletionProtection: settings.keepData,
    idleTimeout: Duration.seconds(balancerIdleSeconds),
  });
  const cloudFront = createCloudFrontGroup(scope, vpc, settings);
  setGroups(balancer, [securityGroup, cloudFront]);
  acknowledgeLogs(balancer);
  return balancer;
}

/** Past `connections`, which would write every later rule for both. */
function setGroups(balancer: ApplicationLoadBalancer, groups: readonly SecurityGroup[]): void {
  const { defaultChild } = balancer.node;
  if (!(defaultChild instanceof CfnLoadBalancer)) {
    throw new TypeError('a load balancer has no resource');
  }
  defaultChild.securityGroups = groups.map(({ securityGroupId }) => securityGroupId);
}

function createCloudFrontGroup(scope: Construct, vpc: Vpc, settings: Settings): SecurityGroup {
  const group = new SecurityGroup(scope, 'CloudFrontGroup', {
    vpc,
    description: 'Load balancer: CloudFront, for the edge',
    allowAllOutbound: false,
  });
  group.addIngressRule(
    Peer.prefixList(settings.originFacingPrefixList),
    Port.tcp(edgePort),
    'CloudFront, through its VPC origin',
  );
  return group;
}

function acknowledgeLogs(balancer: ApplicationLoadBalancer): void {
  Validations.of(balancer).acknowledge({
    id: 'AwsSolutions-ELB2',
    reason:
      'Its access log would have whole addresses, and with them what people search for, which no log ' +
      'here has. Every request is in the log of CloudFront or of the gpu-service, without its query; ' +
      'who connected is in the flow logs.',
  });
}
