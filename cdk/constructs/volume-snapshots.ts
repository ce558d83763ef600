import { Stack, Tags, Validations } from 'aws-cdk-lib';
import { CfnLifecyclePolicy } from 'aws-cdk-lib/aws-dlm';
import type { Volume } from 'aws-cdk-lib/aws-ec2';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** How many nights are kept. */
const kept = 7;
const tag = 'index-of';

/**
 * A snapshot of the volume every night, by EBS itself: however large the index is it takes nobody's time,
 * and only what has changed is paid for. What comes back is a volume as after a loss of power, which Qdrant
 * mends from its journal. The function `snapshot` makes copies that any Qdrant takes, of what it can copy
 * in a quarter of an hour.
 */
export function createVolumeSnapshots(scope: Construct, volume: Volume, environment: string): void {
  const { region } = Stack.of(scope);
  Tags.of(volume).add(tag, environment);
  const role = createRole(scope, volume, environment);
  const nightly = new CfnLifecyclePolicy(scope, 'Nightly', {
    description: 'The index every night',
    state: 'ENABLED',
    executionRoleArn: role.roleArn,
    policyDetails: {
      policyType: 'EBS_SNAPSHOT_MANAGEMENT',
      resourceTypes: ['VOLUME'],
      targetTags: [{ key: tag, value: environment }],
      schedules: [
        {
          name: 'nightly',
          createRule: { interval: 24, intervalUnit: 'HOURS', times: ['01:00'] },
          retainRule: { count: kept },
          copyTags: true,
        },
      ],
    },
  });
  // Its tag says which volume it means: the one of now, which must be there first.
  nightly.node.addDependency(volume);
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'The three that describe volumes, machines and snapshots know no resource.',
  });
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM5[Resource::arn:aws:ec2:${region}::snapshot/*]`,
    reason: 'Snapshots have no name before they are made; what they may be made of is one volume.',
  });
}

function createRole(scope: Construct, volume: Volume, environment: string): Role {
  const stack = Stack.of(scope);
  const { region, account } = stack;
  const { volumeId: resourceName } = volume;
  const volumeArn = stack.formatArn({ service: 'ec2', resource: 'volume', resourceName });
  const snapshots = stack.formatArn({
    service: 'ec2',
    account: '',
    resource: 'snapshot',
    resourceName: '*',
  });
  const statements = [
    new PolicyStatement({ actions: ['ec2:CreateSnapshot'], resources: [volumeArn, snapshots] }),
    new PolicyStatement({
      actions: ['ec2:DeleteSnapshot'],
      resources: [snapshots],
      conditions: { StringEquals: { [`ec2:ResourceTag/${tag}`]: environment } },
    }),
    new PolicyStatement({ actions: ['ec2:CreateTags'], resources: [snapshots] }),
    new PolicyStatement({
      actions: ['ec2:DescribeInstances', 'ec2:DescribeVolumes', 'ec2:DescribeSnapshots'],
      resources: ['*'],
    }),
  ];
  return new Role(scope, 'NightlyRole', {
    assumedBy: new ServicePrincipal('dlm.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': account },
        ArnLike: { 'aws:SourceArn': `arn:aws:dlm:${region}:${account}:policy/*` },
      },
    }),
    inlinePolicies: { Snapshots: new PolicyDocument({ statements }) },
  });
}
