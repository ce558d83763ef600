import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnLoggingConfiguration, CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { managedRules, rateRules, refusals, visibility } from './web-acl-rules.ts';

export interface WebAclProps {
  readonly settings: Settings;
}

/** Headers that have a key: the firewall's log and its samples are without them. */
const secretHeaders = ['authorization', 'x-api-key'] as const;

/** The firewall before CloudFront; must be in us-east-1. */
export class WebAcl extends Construct {
  readonly arn: string;
  /** The dimension `WebACL` in `AWS/WAFV2`. */
  readonly metricName: string;

  constructor(scope: Construct, id: string, { settings }: WebAclProps) {
    super(scope, id);
    this.metricName = `picture-search-${settings.environment}`;
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      // The cheapest first: whoever is refused by the rate costs no more looks.
      rules: [...rateRules(settings.edge.maxRequestsPerAddress), ...managedRules(10)],
      customResponseBodies: refusals,
      dataProtectionConfig: { dataProtections: protectedFields() },
      visibilityConfig: visibility(this.metricName),
    });
    this.arn = acl.attrArn;
    logTo(createLogGroup(this, settings), acl);
  }
}

/** Keys, and what people search for: neither is in a log (`LOG_QUERIES` is off), nor in a sample. */
function protectedFields(): CfnWebACL.DataProtectProperty[] {
  return [
    {
      action: 'SUBSTITUTION',
      field: { fieldType: 'SINGLE_HEADER', fieldKeys: [...secretHeaders] },
    },
    { action: 'SUBSTITUTION', field: { fieldType: 'QUERY_STRING' } },
  ];
}

function createLogGroup(scope: Construct, settings: Settings): LogGroup {
  return new LogGroup(scope, 'Log', {
    // WAF writes to groups of this beginning alone.
    logGroupName: `aws-waf-logs-picture-search-${settings.environment}`,
    retention: settings.logRetentionDays,
    removalPolicy: settings.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
}

/** What was refused, or would have been: what is let in, CloudFront and the edge log. */
function logTo(group: LogGroup, acl: CfnWebACL): CfnLoggingConfiguration {
  const kept = ['BLOCK', 'COUNT', 'EXCLUDED_AS_COUNT'];
  return new CfnLoggingConfiguration(group, 'Delivery', {
    resourceArn: acl.attrArn,
    // Without the `:*` at its end, which WAF refuses.
    logDestinationConfigs: [
      Stack.of(group).formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName: group.logGroupName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    ],
    redactedFields: [
      ...secretHeaders.map((name) => ({ singleHeader: { Name: name } })),
      { queryString: {} },
    ],
    loggingFilter: {
      DefaultBehavior: 'DROP',
      Filters: [
        {
          Behavior: 'KEEP',
          Requirement: 'MEETS_ANY',
          Conditions: kept.map((Action) => ({ ActionCondition: { Action } })),
        },
      ],
    },
  });
}
