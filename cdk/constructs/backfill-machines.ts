import { Validations } from 'aws-cdk-lib';
import { BlockDeviceVolume, EbsDeviceVolumeType } from 'aws-cdk-lib/aws-autoscaling';
import {
  AllocationStrategy,
  type CfnComputeEnvironment,
  EcsMachineImageType,
  ManagedEc2EcsComputeEnvironment,
} from 'aws-cdk-lib/aws-batch';
import {
  InstanceType,
  type IVpc,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { createInsideGroup } from './inside-security-group.ts';

/** The image, twice at an update, and the list of an inventory. */
const diskGb = 100;
const agentPolicy = 'service-role/AmazonEC2ContainerServiceforEC2Role';

export interface BackfillMachinesProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
}

/** Machines that are there while there are jobs; nobody connects to them. */
export function createBackfillMachines(
  scope: Construct,
  { settings, vpc, subnets }: BackfillMachinesProps,
): ManagedEc2EcsComputeEnvironment {
  const { backfill, service } = settings;
  const onGpu = service.kind === 'gpu';
  const launchTemplate = createLaunchTemplate(scope);
  const instanceRole = createInstanceRole(scope);
  const machines = new ManagedEc2EcsComputeEnvironment(scope, 'Machines', {
    vpc,
    vpcSubnets: subnets,
    instanceTypes: [new InstanceType(backfill.instanceType)],
    useOptimalInstanceClasses: false,
    minvCpus: 0,
    maxvCpus: backfill.maxVcpus,
    spot: false,
    allocationStrategy: AllocationStrategy.BEST_FIT_PROGRESSIVE,
    images: [
      {
        imageType: onGpu ? EcsMachineImageType.ECS_AL2023_NVIDIA : EcsMachineImageType.ECS_AL2023,
      },
    ],
    launchTemplate,
    instanceRole,
    securityGroups: [
      createInsideGroup(scope, 'Group', {
        settings,
        vpc,
        description: 'Machines that index a bucket: nobody connects to them',
      }),
    ],
    updateToLatestImageVersion: true,
    terminateOnUpdate: false,
  });
  // Else the first version would be used for ever.
  (machines.node.defaultChild as CfnComputeEnvironment).addPropertyOverride(
    'ComputeResources.LaunchTemplate.Version',
    launchTemplate.latestVersionNumber,
  );
  return machines;
}

function createInstanceRole(scope: Construct): Role {
  const role = new Role(scope, 'InstanceRole', {
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(agentPolicy)],
  });
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${agentPolicy}]`,
    reason:
      'AWS Batch makes the cluster that its machines join, under a name that nobody knows before; ' +
      'this policy is what the agent of ECS needs, and AWS keeps it up with the agent.',
  });
  return role;
}

function createLaunchTemplate(scope: Construct): LaunchTemplate {
  return new LaunchTemplate(scope, 'Machine', {
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
