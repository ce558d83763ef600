import { Duration, Validations } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import {
  AlternateTarget,
  type BaseService,
  ListenerRuleConfiguration,
  Protocol,
} from 'aws-cdk-lib/aws-ecs';
import {
  type ApplicationLoadBalancer,
  ApplicationListener,
  ApplicationListenerRule,
  ApplicationProtocol,
  ApplicationTargetGroup,
  ListenerAction,
  ListenerCondition,
  TargetGroupLoadBalancingAlgorithmType,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { servicePort } from './service-environment.ts';
import { containerName } from './service-task.ts';

export interface ServiceTargetsProps {
  readonly vpc: IVpc;
  readonly balancer: ApplicationLoadBalancer;
}

/**
 * Listener 8000 and the two groups behind it. One has the tasks that answer, the other those of the
 * next release, and ECS moves the weights of the one rule that leads to both.
 */
export class ServiceTargets extends Construct {
  readonly blue: ApplicationTargetGroup;
  readonly green: ApplicationTargetGroup;
  private readonly rule: ApplicationListenerRule;
  private readonly listener: ApplicationListener;

  constructor(scope: Construct, id: string, { vpc, balancer }: ServiceTargetsProps) {
    super(scope, id);
    this.blue = createGroup(this, 'Blue', vpc);
    this.green = createGroup(this, 'Green', vpc);
    this.listener = new ApplicationListener(this, 'Listener', {
      loadBalancer: balancer,
      port: servicePort,
      protocol: ApplicationProtocol.HTTP,
      // Whoever may ask says so in a stack of its own.
      open: false,
      defaultAction: ListenerAction.fixedResponse(404),
    });
    this.rule = new ApplicationListenerRule(this, 'Rule', {
      listener: this.listener,
      priority: 1,
      conditions: [ListenerCondition.pathPatterns(['/*'])],
      action: ListenerAction.weightedForward([
        { targetGroup: this.blue, weight: 1 },
        { targetGroup: this.green, weight: 0 },
      ]),
    });
  }

  /** Makes these tasks the ones that are asked. */
  attach(service: BaseService): void {
    const role = this.createReleaseRole();
    const target = service.loadBalancerTarget({
      containerName,
      containerPort: servicePort,
      protocol: Protocol.TCP,
      alternateTarget: new AlternateTarget('Alternate', {
        alternateTargetGroup: this.green,
        productionListener: ListenerRuleConfiguration.applicationListenerRule(this.rule),
        role,
      }),
    });
    this.blue.addTarget(target);
    // While a rule leads to neither group ECS does not take them. The role with what it may do: a name of
    // it in the service waits for the role alone, and ECS asks for its rights at once.
    service.node.addDependency(this.rule, role);
  }

  /** What ECS does to the load balancer during a release. */
  private createReleaseRole(): Role {
    const role = new Role(this, 'ReleaseRole', {
      assumedBy: new ServicePrincipal('ecs.amazonaws.com'),
    });
    const allow = (actions: readonly string[], ...resources: readonly string[]) =>
      role.addToPolicy(
        new PolicyStatement({
          actions: actions.map((action) => `elasticloadbalancing:${action}`),
          resources: [...resources],
        }),
      );
    allow(['ModifyRule'], this.rule.listenerRuleArn);
    allow(['ModifyListener'], this.listener.listenerArn);
    allow(
      ['RegisterTargets', 'DeregisterTargets'],
      this.blue.targetGroupArn,
      this.green.targetGroupArn,
    );
    const reads = ['Listeners', 'Rules', 'TargetGroups', 'TargetHealth'];
    allow(
      reads.map((what) => `Describe${what}`),
      '*',
    );
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'The Describe actions of Elastic Load Balancing know no resources; they only read.',
    });
    return role;
  }
}

/** Searches are short and pictures to be encoded long: who has least to do is asked. */
function createGroup(scope: Construct, id: string, vpc: IVpc): ApplicationTargetGroup {
  return new ApplicationTargetGroup(scope, id, {
    vpc,
    port: servicePort,
    protocol: ApplicationProtocol.HTTP,
    targetType: TargetType.IP,
    loadBalancingAlgorithmType: TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
    // Above the drain of 25 s, and as long as a request with 32 pictures may take.
    deregistrationDelay: Duration.seconds(60),
    healthCheck: {
      // A real encode and a real look into the index, 5 s at most.
      path: '/readyz',
      interval: Duration.seconds(10),
      timeout: Duration.seconds(6),
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 5,
    },
  });
}
