import { Stack } from 'aws-cdk-lib';
import {
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  Peer,
  Port,
  SecurityGroup,
  type Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { networkCidr, privateSubnets } from './network-vpc.ts';

/** Who needs it is what it is there for: each costs about 7 USD a month and zone. */
const services: Readonly<Record<string, InterfaceVpcEndpointAwsService>> = {
  // Images of containers; their layers come from S3.
  EcrApi: InterfaceVpcEndpointAwsService.ECR,
  EcrDkr: InterfaceVpcEndpointAwsService.ECR_DOCKER,
  // Machines of ECS: gpu-service, Qdrant, backfill.
  Ecs: InterfaceVpcEndpointAwsService.ECS,
  EcsAgent: InterfaceVpcEndpointAwsService.ECS_AGENT,
  EcsTelemetry: InterfaceVpcEndpointAwsService.ECS_TELEMETRY,
  // Logs of containers, and the metrics that are lines in them.
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  // Functions ask for their secrets themselves; ECS does it for containers.
  Secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  // index-images sends to the dead-letter queue, reconcile to the queue.
  Sqs: InterfaceVpcEndpointAwsService.SQS,
  // Qdrant's machine attaches its volume.
  Ec2: InterfaceVpcEndpointAwsService.EC2,
};

/** The ways from the private subnets to AWS, without the internet. */
export function addEndpoints(vpc: Vpc, settings: Settings): void {
  addS3(vpc);
  const securityGroup = new SecurityGroup(vpc, 'Endpoints', {
    vpc,
    description: 'Private endpoints of AWS: HTTPS from within the network',
    allowAllOutbound: false,
  });
  securityGroup.addIngressRule(Peer.ipv4(networkCidr), Port.tcp(443), 'Everything in the network');
  const availabilityZones = settings.zones.slice(0, settings.endpointZones);
  for (const [id, service] of Object.entries(services)) {
    vpc.addInterfaceEndpoint(id, {
      service,
      subnets: { ...privateSubnets, availabilityZones },
      securityGroups: [securityGroup],
      open: false,
    });
  }
}

/** Buckets of this account, and two of AWS: nobody carries pictures to a bucket of their own. */
function addS3(vpc: Vpc): void {
  const endpoint = vpc.addGatewayEndpoint('S3', {
    service: GatewayVpcEndpointAwsService.S3,
    subnets: [privateSubnets],
  });
  // A policy of an endpoint takes away and gives nothing: what may be done is said by roles.
  endpoint.addToPolicy(
    new PolicyStatement({
      sid: 'OwnBuckets',
      principals: [new AnyPrincipal()],
      actions: ['s3:*'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:ResourceAccount': Stack.of(vpc).account } },
    }),
  );
  endpoint.addToPolicy(
    new PolicyStatement({
      sid: 'LayersAndPackages',
      principals: [new AnyPrincipal()],
      actions: ['s3:GetObject'],
      resources: awsBuckets(vpc),
    }),
  );
}

/** Layers of ECR's images, and packages of Amazon Linux 2023. */
function awsBuckets(scope: Construct): string[] {
  const { partition, region } = Stack.of(scope);
  const names = [`prod-${region}-starport-layer-bucket`, `al2023-repos-${region}-de612dc2`];
  return names.map((name) => `arn:${partition}:s3:::${name}/*`);
}
