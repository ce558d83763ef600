import { Stack } from 'aws-cdk-lib';
import {
  ApplicationListener,
  type ApplicationLoadBalancer,
  ApplicationProtocol,
  ApplicationTargetGroup,
  type IApplicationLoadBalancerTarget,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { type Alias, CfnPermission } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

export interface EdgeEntranceProps {
  readonly settings: Settings;
  readonly balancer: ApplicationLoadBalancer;
  readonly alias: Alias;
}

/**
 * Port 80 of the load balancer, where CloudFront alone may connect: what is asked there goes to the
 * function. TLS ends at CloudFront; from there it is the private network of a VPC origin.
 */
export function createEntrance(
  scope: Construct,
  { settings, balancer, alias }: EdgeEntranceProps,
): ApplicationListener {
  // Its name is what the permission names: the group can't be there before the permission is.
  const name = `picture-search-${settings.environment}-edge`;
  const permission = new CfnPermission(scope, 'Invoke', {
    action: 'lambda:InvokeFunction',
    functionName: alias.functionArn,
    principal: 'elasticloadbalancing.amazonaws.com',
    sourceArn: Stack.of(scope).formatArn({
      service: 'elasticloadbalancing',
      resource: 'targetgroup',
      resourceName: `${name}/*`,
    }),
  });
  const target: IApplicationLoadBalancerTarget = {
    attachToApplicationTargetGroup: () => ({
      targetType: TargetType.LAMBDA,
      targetJson: { id: alias.functionArn },
    }),
  };
  const group = new ApplicationTargetGroup(scope, 'Edge', {
    targetGroupName: name,
    targetType: TargetType.LAMBDA,
    targets: [target],
    // Or of a filter that is given twice only the last would be seen.
    multiValueHeadersEnabled: true,
    // It would be an invocation every few seconds, and there is nowhere else to go.
    healthCheck: { enabled: false },
  });
  group.node.addDependency(permission);
  return new ApplicationListener(scope, 'Listener', {
    loadBalancer: balancer,
    port: 80,
    protocol: ApplicationProtocol.HTTP,
    open: false,
    defaultTargetGroups: [group],
  });
}
