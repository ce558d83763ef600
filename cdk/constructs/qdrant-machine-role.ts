import { Stack, Validations } from 'aws-cdk-lib';
import type { Volume } from 'aws-cdk-lib/aws-ec2';
import type { Cluster } from 'aws-cdk-lib/aws-ecs';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

export interface MachineRoleProps {
  readonly cluster: Cluster;
  readonly volume: Volume;
  /** The tag `Name` of the machines of the group. */
  readonly tagName: string;
}

/** What the agent of ECS does, and attaching this one volume to a machine of this group. */
export function createMachineRole(scope: Construct, props: MachineRoleProps): Role {
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  const statements = [...agentStatements(props), ...volumeStatements(props)];
  const policy = new ManagedPolicy(scope, 'Policy', { roles: [role], statements });
  Validations.of(policy).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'ecs:Poll and its like are bound to this cluster by a condition, ecs:DiscoverPollEndpoint knows no resource, and machines have no name before they start: a condition on their tag stands for it.',
  });
  return role;
}

function agentStatements({ cluster }: MachineRoleProps): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'JoinCluster',
      actions: [
        'ecs:RegisterContainerInstance',
        'ecs:DeregisterContainerInstance',
        'ecs:SubmitTaskStateChange',
        'ecs:SubmitContainerStateChange',
        'ecs:SubmitAttachmentStateChanges',
      ],
      resources: [cluster.clusterArn],
    }),
    new PolicyStatement({
      sid: 'ServeCluster',
      actions: ['ecs:Poll', 'ecs:StartTelemetrySession', 'ecs:UpdateContainerInstancesState'],
      resources: ['*'],
      conditions: { ArnEquals: { 'ecs:cluster': cluster.clusterArn } },
    }),
    new PolicyStatement({
      sid: 'FindEndpointOfAgents',
      actions: ['ecs:DiscoverPollEndpoint'],
      resources: ['*'],
    }),
  ];
}

/** AWS asks for both, the volume and the machine. */
function volumeStatements({ volume, tagName }: MachineRoleProps): PolicyStatement[] {
  const actions = ['ec2:AttachVolume'];
  const { volumeId: resourceName } = volume;
  const arn = Stack.of(volume).formatArn({ service: 'ec2', resource: 'volume', resourceName });
  return [
    new PolicyStatement({ sid: 'AttachIndex', actions, resources: [arn] }),
    new PolicyStatement({
      sid: 'ToMachinesOfThisGroup',
      actions,
      resources: ['*'],
      conditions: { StringEquals: { 'ec2:ResourceTag/Name': tagName } },
    }),
  ];
}
