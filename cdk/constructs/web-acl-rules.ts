import type { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';

type Rule = CfnWebACL.RuleProperty;

/** Rules of AWS that only count here, by the group they are in, and why they may not block. */
const counted = {
  AWSManagedRulesCommonRuleSet: [
    // Programs call this API, and many of their HTTP clients send no name.
    'NoUserAgent_HEADER',
    // The edge itself refuses bodies above 64 KB; these rules refuse what is above 8 KB, or above
    // 2,048 bytes of query, which 512 characters of most scripts are once they are escaped.
    'SizeRestrictions_BODY',
    'SizeRestrictions_QUERYSTRING',
    // People may search for any text: markup, addresses, paths. It becomes a vector and a value in
    // JSON; nothing of it is ever run, opened, fetched or put into a page as HTML.
    'CrossSiteScripting_BODY',
    'CrossSiteScripting_QUERYARGUMENTS',
    'GenericLFI_BODY',
    'GenericLFI_QUERYARGUMENTS',
    'GenericRFI_BODY',
    'GenericRFI_QUERYARGUMENTS',
    'RestrictedExtensions_QUERYARGUMENTS',
  ],
  AWSManagedRulesKnownBadInputsRuleSet: [],
  AWSManagedRulesAmazonIpReputationList: [],
} as const satisfies Record<string, readonly string[]>;

/** What counts in CloudWatch, and whose latest requests can be looked at. */
export function visibility(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { metricName, cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true };
}

/** The groups of rules that AWS keeps up to date, in the order in which they are asked. */
export function managedRules(firstPriority: number): Rule[] {
  return Object.entries(counted).map(([name, rules], index) => ({
    name,
    priority: firstPriority + index,
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name,
        ruleActionOverrides: rules.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
    visibilityConfig: visibility(name),
  }));
}

/** What a refusal says; `rate-limited` is its name within the firewall. */
export const refusals: Record<string, CfnWebACL.CustomResponseBodyProperty> = {
  'rate-limited': {
    // The firewall lets nobody choose `application/problem+json`, and has no id of a request.
    contentType: 'APPLICATION_JSON',
    content: JSON.stringify({
      type: '/docs#rate_limited',
      title: 'Too many requests',
      status: 429,
      detail: 'Cannot answer as there were too many requests from this address in five minutes',
      code: 'rate_limited',
      request_id: '',
    }),
  },
};

/**
 * Requests of one address in five minutes. What was counted before a refusal goes on counting, so an
 * address that slows down is let in again within a minute or so. An address of IPv6 counts alone; the
 * edge, which counts too, takes its whole network for one caller.
 *
 * @param limit All of them, pictures and files of the page too, may be ten times as many: one page
 * of results shows a hundred pictures.
 */
export function rateRules(limit: number): Rule[] {
  const asked = { notStatement: { statement: { orStatement: { statements: kept.map(below) } } } };
  return [
    rateRule('requests-per-address', 0, { limit, scopeDownStatement: asked }),
    rateRule('everything-per-address', 1, { limit: 10 * limit }),
  ];
}

/** Paths of what lies in buckets. */
const kept = ['/pictures/', '/assets/'] as const;

/** As CloudFront sees it when it chooses: `/pictures/../search` is a search. */
function below(path: string): CfnWebACL.StatementProperty {
  return {
    byteMatchStatement: {
      fieldToMatch: { uriPath: {} },
      positionalConstraint: 'STARTS_WITH',
      searchString: path,
      textTransformations: [
        { priority: 0, type: 'URL_DECODE' },
        { priority: 1, type: 'NORMALIZE_PATH' },
      ],
    },
  };
}

function rateRule(
  name: string,
  priority: number,
  counting: Pick<CfnWebACL.RateBasedStatementProperty, 'limit' | 'scopeDownStatement'>,
): Rule {
  return {
    name,
    priority,
    action: {
      block: {
        customResponse: {
          responseCode: 429,
          customResponseBodyKey: 'rate-limited',
          responseHeaders: [
            { name: 'Retry-After', value: '60' },
            { name: 'Cache-Control', value: 'no-store' },
          ],
        },
      },
    },
    statement: {
      rateBasedStatement: { aggregateKeyType: 'IP', evaluationWindowSec: 300, ...counting },
    },
    visibilityConfig: visibility(name),
  };
}
