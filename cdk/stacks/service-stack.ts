import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets';
import { Cluster, ContainerInsights } from 'aws-cdk-lib/aws-ecs';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { backfillEnvironment } from '../constructs/backfill-environment.ts';
import { Backfill } from '../constructs/backfill.ts';
import { createImageKeeper } from '../constructs/gpu-image-keeper.ts';
import { GpuMachines } from '../constructs/gpu-machines.ts';
import { privateSubnets } from '../constructs/network-vpc.ts';
import { createReleaseAlarms } from '../constructs/service-alarms.ts';
import { serviceEnvironment, servicePort } from '../constructs/service-environment.ts';
import { createServiceImage } from '../constructs/service-image.ts';
import { createService } from '../constructs/service-release.ts';
import { scaleService } from '../constructs/service-scaling.ts';
import { ServiceTargets } from '../constructs/service-targets.ts';
import { createServiceTask } from '../constructs/service-task.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from './data-stack.ts';

export interface ServiceStackProps extends StackProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly balancer: ApplicationLoadBalancer;
  readonly data: DataStack;
  readonly picturesUrl: string;
}

/** Encoder and vector search behind the load balancer, and the same image as a job that indexes a bucket. */
export class ServiceStack extends Stack {
  /** `http://…:8000` inside the network. */
  readonly serviceUrl: string;
  /** For alarms and the dashboard. */
  readonly clusterName: string;
  readonly serviceName: string;
  /** As `AWS/ApplicationELB` knows the balancer. */
  readonly balancerFullName: string;
  /** Of both groups: either may have the tasks that answer. */
  readonly targetGroupNames: readonly string[];

  constructor(scope: Construct, id: string, props: ServiceStackProps) {
    super(scope, id, props);
    const { settings, vpc, balancer, data } = props;
    const image = createServiceImage(this, settings);
    const cluster = new Cluster(this, 'Cluster', {
      vpc,
      containerInsightsV2: ContainerInsights.ENABLED,
    });
    const environment = serviceEnvironment(settings, props);
    const logGroup = createLogGroup(this, settings, 'service');
    const machines = this.createMachines(props, cluster);
    const task = createServiceTask(this, { settings, image, logGroup, environment });
    const targets = new ServiceTargets(this, 'Targets', { vpc, balancer });
    const service = createService(this, {
      settings,
      vpc,
      cluster,
      taskDefinition: task,
      alarmNames: createReleaseAlarms(this, settings, targets),
      capacityProvider: machines?.capacity.capacityProviderName,
    });
    targets.attach(service);
    // Capacity is given to the cluster before the service asks for it, and taken away after it is gone.
    service.node.addDependency(cluster);
    if (machines) service.node.addDependency(createImageKeeper(this, { cluster, image, logGroup }));
    scaleService(service, settings);
    data.qdrant.allowFrom(service);
    this.addBackfill(props, { image, environment });
    this.serviceUrl = `http://${balancer.loadBalancerDnsName}:${servicePort}`;
    this.clusterName = cluster.clusterName;
    this.serviceName = service.serviceName;
    this.balancerFullName = balancer.loadBalancerFullName;
    this.targetGroupNames = [targets.blue, targets.green].map((group) => group.targetGroupFullName);
  }
  private createMachines({ settings, vpc }: ServiceStackProps, cluster: Cluster) {
    const { service } = settings;
    if (service.kind === 'cpu') return undefined;
    return new GpuMachines(this, 'Machines', { settings, vpc, cluster, service });
  }

  private addBackfill(
    { settings, vpc, data }: ServiceStackProps,
    shared: {
      readonly image: DockerImageAsset;
      readonly environment: ReturnType<typeof serviceEnvironment>;
    },
  ): void {
    const backfill = new Backfill(this, 'Backfill', {
      settings,
      vpc,
      subnets: privateSubnets,
      image: shared.image,
      logGroup: createLogGroup(this, settings, 'backfill'),
      environment: backfillEnvironment(shared.environment, data),
      pictures: data.pictures,
    });
    data.qdrant.allowFrom(backfill);
    data.cache.allowFrom(backfill);
    new CfnOutput(this, 'BackfillCommand', {
      description: 'Indexes the whole bucket; docs/operations.md has the parameters',
      value: backfill.submitCommand,
    });
  }
}

function createLogGroup(scope: Construct, settings: Settings, part: string): LogGroup {
  return new LogGroup(scope, `${part}-log`, {
    logGroupName: `picture-search-${settings.environment}-${part}`,
    retention: settings.logRetentionDays,
    removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
}
