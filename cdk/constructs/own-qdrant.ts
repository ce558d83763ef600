import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  type IConnectable,
  type IVpc,
  Port,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { Cluster, Ec2Service, PlacementConstraint } from 'aws-cdk-lib/aws-ecs';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { DnsRecordType, PrivateDnsNamespace } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct } from 'constructs';
import type { OwnQdrant as OwnQdrantSettings, Settings } from '../settings.ts';
import { QdrantMachine } from './qdrant-machine.ts';
import { createQdrantTask, diskMetric } from './qdrant-task.ts';
import { type QdrantAccess, qdrantKeyName, type QdrantMetrics } from './qdrant.ts';

export interface OwnQdrantProps {
  readonly settings: Settings;
  readonly qdrant: OwnQdrantSettings;
  readonly vpc: IVpc;
  /** Of the first zone. */
  readonly subnets: SubnetSelection;
}

/**
 * One Qdrant on a machine and a volume of its own: `docs/operations.md` says for how many pictures that
 * does, and what to do when it is full.
 *
 * It speaks without TLS, as the load balancers inside this network do. Nothing but what `allowFrom` names
 * has a way to it, each with the key, and both ends are in one private network, whose traffic AWS encrypts
 * between its buildings, and between machines of the types that production has (r7g, g6) on every wire.
 * TLS of Qdrant's own needs a certificate: a public authority gives none for a name in a private network,
 * a private one costs more a month than this machine, and one signed by itself must reach every caller as
 * a setting, and be renewed. Who needs that sets `outside` with a cluster that has one.
 */
export class OwnQdrant extends Construct implements QdrantAccess {
  readonly host: string;
  readonly port = 6333;
  readonly grpcPort = 6334;
  readonly tls = false;
  readonly apiKey: ISecret;
  readonly metrics: QdrantMetrics;
  private readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, props: OwnQdrantProps) {
    super(scope, id);
    const { settings, vpc } = props;
    const { environment } = settings;
    this.apiKey = createKey(this, environment);
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Who may ask Qdrant; it asks nobody',
      allowAllOutbound: false,
    });
    const cluster = createCluster(this, vpc);
    const machine = new QdrantMachine(this, 'Machine', { ...props, cluster });
    const service = this.createService(props, cluster, machine);
    this.host = `qdrant.${namespaceOf(environment)}`;
    this.metrics = {
      clusterName: cluster.clusterName,
      serviceName: service.serviceName,
      disk: diskMetric(settings),
    };
  }

  allowFrom(peer: IConnectable): void {
    const ports = Port.tcpRange(this.port, this.grpcPort);
    peer.connections.allowTo(this.securityGroup, ports, 'Qdrant');
  }

  /**
   * Without a capacity provider: one machine needs none, and a stack with one can only be deleted by hand,
   * as neither goes before the other.
   */
  private createService(
    { settings, vpc, subnets, qdrant }: OwnQdrantProps,
    cluster: Cluster,
    machine: QdrantMachine,
  ): Ec2Service {
    const { arm, group, volume } = machine;
    const task = createQdrantTask(this, { settings, qdrant, arm, apiKey: this.apiKey });
    const service = new Ec2Service(this, 'Service', {
      cluster: withCapacity(this, cluster, vpc),
      taskDefinition: task,
      vpcSubnets: subnets,
      securityGroups: [this.securityGroup],
      desiredCount: 1,
      // The old one ends before the new one begins: two never have one storage open.
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      placementConstraints: [
        PlacementConstraint.memberOf(`attribute:index-volume == ${volume.volumeId}`),
      ],
      circuitBreaker: { rollback: true },
      cloudMapOptions: {
        name: 'qdrant',
        cloudMapNamespace: new PrivateDnsNamespace(this, 'Names', {
          name: namespaceOf(settings.environment),
          vpc,
        }),
        dnsRecordType: DnsRecordType.A,
        dnsTtl: Duration.seconds(10),
      },
    });
    // So that the service is gone before the machine that has to end its task.
    service.node.addDependency(group);
    return service;
  }
}

function namespaceOf(environment: string): string {
  return `picture-search-${environment}.internal`;
}

function createCluster(scope: Construct, vpc: IVpc): Cluster {
  const cluster = new Cluster(scope, 'Cluster', { vpc });
  Validations.of(cluster).acknowledge({
    id: 'AwsSolutions-ECS4',
    reason:
      'One task: processor and memory come with ECS, the disk is measured beside Qdrant. Container Insights would tell the same for money.',
  });
  return cluster;
}

/** The same cluster, said to have machines: the group's join it by themselves. */
function withCapacity(scope: Construct, { clusterName, clusterArn }: Cluster, vpc: IVpc) {
  const attributes = { clusterName, clusterArn, vpc, hasEc2Capacity: true };
  return Cluster.fromClusterAttributes(scope, 'ClusterWithMachine', attributes);
}

function createKey(scope: Construct, environment: string): Secret {
  const key = new Secret(scope, 'Key', {
    secretName: qdrantKeyName(environment),
    description: 'What Qdrant is asked with',
    generateSecretString: { passwordLength: 64, excludePunctuation: true },
    // Made anew with Qdrant: it is in no data.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  Validations.of(key).acknowledge({
    id: 'AwsSolutions-SMG4',
    reason:
      'Qdrant reads its key when it starts, and so do those who ask it: docs/operations.md has the steps, and secretsVersion does it watched.',
  });
  return key;
}
