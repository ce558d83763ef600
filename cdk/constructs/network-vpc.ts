import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  CfnInternetGateway,
  CfnVPCGatewayAttachment,
  FlowLogDestination,
  FlowLogTrafficType,
  IpAddresses,
  type SubnetConfiguration,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

/** All addresses of the network; nothing else is peered with it. */
export const networkCidr = '10.0.0.0/16';

/** What every part is in; the other group is only there for the way out. */
export const privateSubnets = { subnetGroupName: 'private' } as const;

/** Zones that addresses are kept free for, so that another one moves no subnet. */
const zonesInAll = 4;

/** Private subnets in every zone, and a way out to the internet only for who has somebody there. */
export function createVpc(scope: Construct, settings: Settings): Vpc {
  const needsInternet = asksTheInternet(settings);
  const vpc = new Vpc(scope, 'Vpc', {
    ipAddresses: IpAddresses.cidr(networkCidr),
    availabilityZones: [...settings.zones],
    reservedAzs: Math.max(0, zonesInAll - settings.zones.length),
    natGateways: needsInternet ? 1 : 0,
    subnetConfiguration: subnets(needsInternet),
    restrictDefaultSecurityGroup: true,
  });
  if (!needsInternet) attachInternetGateway(vpc);
  Validations.of(vpc).acknowledge({
    id: 'CloudFormation-Validate::W3010',
    reason:
      'Zones are named in the settings: so synthesis asks nobody, and the zone of the volume that ' +
      'has the index never changes by itself.',
  });
  keepFlowLogs(vpc, settings);
  return vpc;
}

/** Language models are there, and somebody else's Qdrant; everything else is AWS or within. */
function asksTheInternet({ llm, qdrant }: Settings): boolean {
  return llm.explanations || llm.reranking || qdrant.kind === 'outside';
}

/** Private ones first: they keep their names and addresses when a way out is added. */
function subnets(needsInternet: boolean): SubnetConfiguration[] {
  const group = { name: privateSubnets.subnetGroupName, cidrMask: 20 };
  if (!needsInternet) return [{ ...group, subnetType: SubnetType.PRIVATE_ISOLATED }];
  return [
    { ...group, subnetType: SubnetType.PRIVATE_WITH_EGRESS },
    // For the NAT gateway alone: nothing else is here, and nothing gets a public address.
    { name: 'public', cidrMask: 26, subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
  ];
}

/**
 * CloudFront reaches a private load balancer only in a network that has an internet gateway: a sign
 * that traffic may come from outside. No route leads to it. The same ids as where `Vpc` makes one,
 * so that a way out which is added replaces nothing.
 */
function attachInternetGateway(vpc: Vpc): void {
  const gateway = new CfnInternetGateway(vpc, 'IGW');
  new CfnVPCGatewayAttachment(vpc, 'VPCGW', {
    internetGatewayId: gateway.ref,
    vpcId: vpc.vpcId,
  });
}

/** All traffic, also what was let through: connections here live long, so the lines are few. */
function keepFlowLogs(vpc: Vpc, { logRetentionDays, keepData }: Settings): void {
  const logGroup = new LogGroup(vpc, 'FlowLog', {
    retention: logRetentionDays,
    removalPolicy: keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  vpc.addFlowLog('Flows', {
    destination: FlowLogDestination.toCloudWatchLogs(logGroup),
    trafficType: FlowLogTrafficType.ALL,
  });
}
