import { readFileSync } from 'node:fs';
import { RemovalPolicy, Size, Stack, Tags, Validations } from 'aws-cdk-lib';
import { AutoScalingGroup, UpdatePolicy } from 'aws-cdk-lib/aws-autoscaling';
import {
  type BlockDevice,
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceArchitecture,
  InstanceType,
  type IVpc,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  SecurityGroup,
  type SubnetSelection,
  UserData,
  Volume,
} from 'aws-cdk-lib/aws-ec2';
import { AmiHardwareType, type Cluster, EcsOptimizedImage } from 'aws-cdk-lib/aws-ecs';
import { Construct } from 'constructs';
import type { OwnQdrant, Settings } from '../settings.ts';
import { createMachineRole } from './qdrant-machine-role.ts';
import { createVolumeSnapshots } from './volume-snapshots.ts';

export interface QdrantMachineProps {
  readonly settings: Settings;
  readonly qdrant: OwnQdrant;
  readonly vpc: IVpc;
  /** Of one zone: a volume never leaves its own. */
  readonly subnets: SubnetSelection;
  readonly cluster: Cluster;
}

/**
 * One machine and one volume. The machine may be lost at any moment: the group starts another, which waits
 * for the volume and goes on. A deployment replaces it in the same way, the old one first, when its type,
 * the size of the volume or `start-machine.sh` has changed, or Amazon has published a new image since; that
 * is some three minutes without searches that the cache does not know.
 */
export class QdrantMachine extends Construct {
  readonly volume: Volume;
  readonly group: AutoScalingGroup;
  readonly arm: boolean;
  private readonly tagName: string;

  constructor(scope: Construct, id: string, props: QdrantMachineProps) {
    super(scope, id);
    const { settings, qdrant } = props;
    this.arm = new InstanceType(qdrant.instanceType).architecture === InstanceArchitecture.ARM_64;
    this.tagName = `picture-search-${settings.environment}-qdrant`;
    this.volume = this.createVolume(props);
    Validations.of(this.volume).acknowledge({
      id: 'CloudFormation-Validate::W3010',
      reason: 'Zones are listed in the settings, so that synthesis asks nobody.',
    });
    this.group = this.createGroup(props, this.createTemplate(props));
    // What the role is bound to.
    Tags.of(this).add('Name', this.tagName);
    if (settings.keepData) createVolumeSnapshots(this, this.volume, settings.environment);
  }

  /** One of another name for each snapshot: the volume of before is not touched, and is there to go back to. */
  private createVolume({ settings, qdrant: { volumeGb, restoreFrom } }: QdrantMachineProps) {
    return new Volume(this, restoreFrom === undefined ? 'Volume' : `Of-${restoreFrom}`, {
      availabilityZone: settings.zones[0],
      size: Size.gibibytes(volumeGb),
      volumeType: EbsDeviceVolumeType.GP3,
      encrypted: true,
      removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...(restoreFrom !== undefined && { snapshotId: restoreFrom }),
    });
  }

  private createGroup({ vpc, subnets }: QdrantMachineProps, launchTemplate: LaunchTemplate) {
    const group = new AutoScalingGroup(this, 'Group', {
      vpc,
      vpcSubnets: subnets,
      launchTemplate,
      minCapacity: 1,
      maxCapacity: 1,
      // The old machine first: two would wait for one volume.
      updatePolicy: UpdatePolicy.rollingUpdate({ minInstancesInService: 0, maxBatchSize: 1 }),
    });
    Validations.of(group).acknowledge({
      id: 'AwsSolutions-AS3',
      reason:
        'A group of exactly one machine does not scale. What matters, whether Qdrant runs, has an alarm of its own.',
    });
    return group;
  }

  private createTemplate(props: QdrantMachineProps): LaunchTemplate {
    const { qdrant, vpc, cluster } = props;
    const root: BlockDevice = {
      deviceName: '/dev/xvda',
      volume: BlockDeviceVolume.ebs(30, { volumeType: EbsDeviceVolumeType.GP3, encrypted: true }),
    };
    return new LaunchTemplate(this, 'Template', {
      instanceType: new InstanceType(qdrant.instanceType),
      machineImage: EcsOptimizedImage.amazonLinux2023(
        this.arm ? AmiHardwareType.ARM : AmiHardwareType.STANDARD,
      ),
      // Nobody connects to it: tasks have addresses and groups of their own.
      securityGroup: new SecurityGroup(this, 'SecurityGroup', {
        vpc,
        description: 'The machine under Qdrant: nobody connects to it',
      }),
      role: createMachineRole(this, { cluster, volume: this.volume, tagName: this.tagName }),
      userData: this.createUserData(props),
      blockDevices: [root],
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      requireImdsv2: true,
    });
  }

  /** The size is there to be seen: a larger volume is a new machine, whose start grows the file system. */
  private createUserData({ cluster, qdrant }: QdrantMachineProps): UserData {
    const data = UserData.forLinux();
    data.addCommands(
      `# ${qdrant.volumeGb} GiB`,
      `export VOLUME_ID=${this.volume.volumeId}`,
      `export REGION=${Stack.of(this).region}`,
      `export CLUSTER=${cluster.clusterName}`,
      readFileSync(new URL('../qdrant/start-machine.sh', import.meta.url), 'utf8'),
    );
    return data;
  }
}
