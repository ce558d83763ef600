import { Duration, Validations } from 'aws-cdk-lib';
import {
  AutoScalingGroup,
  BlockDeviceVolume,
  EbsDeviceVolumeType,
} from 'aws-cdk-lib/aws-autoscaling';
import {
  InstanceType,
  type IVpc,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import {
  AmiHardwareType,
  AsgCapacityProvider,
  type Cluster,
  EcsOptimizedImage,
} from 'aws-cdk-lib/aws-ecs';
import { type IRole, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { GpuService, Settings } from '../settings.ts';
import { createInsideGroup } from './inside-security-group.ts';

/** Two images of up to 12 GB unpacked, the old and the new, and the system. */
const diskGb = 100;

export interface GpuMachinesProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly cluster: Cluster;
  readonly service: GpuService;
}

/**
 * Machines with a GPU, one for each task and `spareInstances` more. ECS counts the machines that
 * tasks need and keeps as many that these are `targetCapacityPercent` of them: below 100 there is
 * always one more than tasks, up to `maxTasks`. The group's own minimum says the same for the moment
 * when nothing runs yet.
 */
export class GpuMachines extends Construct {
  readonly capacity: AsgCapacityProvider;

  constructor(scope: Construct, id: string, props: GpuMachinesProps) {
    super(scope, id);
    const { vpc, cluster, service } = props;
    const group = new AutoScalingGroup(this, 'Group', {
      vpc,
      launchTemplate: createLaunchTemplate(this, props),
      ...groupSizes(service),
      newInstancesProtectedFromScaleIn: false,
      // So that the system of none is older, and each is replaced, drained, after its successor is there.
      maxInstanceLifetime: Duration.days(14),
      minHealthyPercentage: 100,
      maxHealthyPercentage: 200,
    });
    this.capacity = new AsgCapacityProvider(this, 'Capacity', {
      autoScalingGroup: group,
      targetCapacityPercent: targetCapacityPercent(service),
      // Protected machines would hold up the deletion of the stack; drained they lose no search.
      enableManagedTerminationProtection: false,
      enableManagedDraining: true,
      maximumScalingStepSize: service.maxTasks,
      instanceWarmupPeriod: 120,
    });
    cluster.addAsgCapacityProvider(this.capacity);
    acknowledge(group);
    acknowledgeAgent(group.role);
  }
}

/** A release has both versions at once, each on machines of its own; the spare is among them then. */
export function groupSizes(service: GpuService): { minCapacity: number; maxCapacity: number } {
  const { minTasks, maxTasks, spareInstances } = service;
  return {
    minCapacity: minTasks + spareInstances,
    maxCapacity: Math.max(2 * maxTasks, maxTasks + spareInstances),
  };
}

/** `ceil(tasks / percent)` is tasks + spares for every number of tasks up to the most, not one more. */
export function targetCapacityPercent({ maxTasks, spareInstances }: GpuService): number {
  return Math.ceil((100 * maxTasks) / (maxTasks + spareInstances));
}

function createLaunchTemplate(
  scope: Construct,
  { settings, vpc, service }: GpuMachinesProps,
): LaunchTemplate {
  const userData = UserData.forLinux();
  // The rights of a machine are not those of its tasks.
  userData.addCommands('echo ECS_AWSVPC_BLOCK_IMDS=true >> /etc/ecs/ecs.config');
  return new LaunchTemplate(scope, 'Machine', {
    instanceType: new InstanceType(service.instanceType),
    // With NVIDIA's driver and its container toolkit; the newest when the stack is deployed.
    machineImage: EcsOptimizedImage.amazonLinux2023(AmiHardwareType.GPU),
    userData,
    role: new Role(scope, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }),
    securityGroup: createInsideGroup(scope, 'MachineGroup', {
      settings,
      vpc,
      description:
        'Machines with a GPU: nobody connects to them, tasks have addresses of their own',
    }),
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    httpPutResponseHopLimit: 1,
    blockDevices: [
      {
        deviceName: '/dev/xvda',
        volume: BlockDeviceVolume.ebs(diskGb, {
          volumeType: EbsDeviceVolumeType.GP3,
          encrypted: true,
        }),
      },
    ],
  });
}

function acknowledge(group: AutoScalingGroup): void {
  Validations.of(group).acknowledge({
    id: 'AwsSolutions-AS3',
    reason:
      'ECS scales the group; what matters is told by alarms on tasks, not by mails on machines.',
  });
}

/** The rights are what the library gives to the agent of ECS. */
function acknowledgeAgent(role: IRole): void {
  Validations.of(role).acknowledge(
    {
      id: 'AwsSolutions-IAM5[Action::ecs:Submit*]',
      reason: 'Three actions by which the agent tells of its own tasks, in this cluster alone.',
    },
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'Polling is bound to this cluster by a condition; the token of ECR and the endpoint of ECS ' +
        'know no resources; the log is that of the agent.',
    },
  );
}
