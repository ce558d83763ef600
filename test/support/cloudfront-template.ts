import * as z from 'zod';

const Reference = z.union([
  z.string(),
  z.object({ Ref: z.string() }).transform(({ Ref }) => ({ name: Ref })),
  z
    .object({ 'Fn::GetAtt': z.array(z.string()) })
    .transform((one) => ({ name: one['Fn::GetAtt'][0] })),
]);
type Reference = z.output<typeof Reference>;

const TemplateBehavior = z.object({
  PathPattern: z.string().optional(),
  TargetOriginId: z.string(),
  AllowedMethods: z.array(z.string()).default(['GET', 'HEAD']),
  CachePolicyId: Reference,
  OriginRequestPolicyId: Reference.optional(),
  FunctionAssociations: z
    .array(z.object({ EventType: z.string(), FunctionARN: Reference }))
    .default([]),
});

const Distribution = z.object({
  DistributionConfig: z.object({
    CacheBehaviors: z.array(TemplateBehavior).default([]),
    DefaultCacheBehavior: TemplateBehavior,
    CustomErrorResponses: z
      .array(z.object({ ErrorCode: z.number(), ErrorCachingMinTTL: z.number().optional() }))
      .default([]),
  }),
});

const HeaderList = z.object({ Headers: z.array(z.string()).default([]) });

const CachePolicy = z.object({
  CachePolicyConfig: z.object({
    MinTTL: z.number(),
    DefaultTTL: z.number(),
    MaxTTL: z.number(),
    ParametersInCacheKeyAndForwardedToOrigin: z.object({
      HeadersConfig: HeaderList,
      QueryStringsConfig: z.object({ QueryStringBehavior: z.enum(['all', 'none']) }),
      EnableAcceptEncodingGzip: z.boolean().default(false),
      EnableAcceptEncodingBrotli: z.boolean().default(false),
    }),
  }),
});

const OriginRequestPolicy = z.object({
  OriginRequestPolicyConfig: z.object({ HeadersConfig: HeaderList }),
});

const CloudFrontFunction = z.object({ FunctionCode: z.string() });

/** A template of CloudFormation, as far as it is read. */
export const DistributionTemplate = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown() })),
});
export type DistributionTemplate = z.output<typeof DistributionTemplate>;

export interface CacheRules {
  readonly minSeconds: number;
  readonly defaultSeconds: number;
  readonly maxSeconds: number;
  /** Of the key. Small letters. */
  readonly headers: readonly string[];
  readonly queryStrings: boolean;
  readonly encodings: readonly string[];
}

export interface Behavior {
  /** `undefined`: the default, for all that no other is for. */
  readonly pattern: string | undefined;
  readonly origin: string;
  readonly allowedMethods: readonly string[];
  readonly cache: CacheRules;
  /** Headers that go on besides those of the key; `all`: but `Host`. */
  readonly forwarded: readonly string[] | 'all';
  /** The code of its functions. */
  readonly onRequest: string | undefined;
  readonly onResponse: string | undefined;
}

export interface DistributionRules {
  /** In the order in which they are tried; the default is the last. */
  readonly behaviors: readonly Behavior[];
  /** Seconds that a failure of this status is kept, where the template says it. */
  readonly errorSeconds: ReadonlyMap<number, number>;
}

/** What AWS documents of the policies that it manages. */
const nothingKept: CacheRules = {
  minSeconds: 0,
  defaultSeconds: 0,
  maxSeconds: 0,
  headers: [],
  queryStrings: false,
  encodings: [],
};
const day = 86_400;
const managedCaching: Readonly<Record<string, CacheRules>> = {
  '4135ea2d-6df8-44a3-9df3-4b5a84be39ad': nothingKept,
  '658327ea-f89d-4fab-a63d-7e88639e58f6': {
    ...nothingKept,
    minSeconds: 1,
    defaultSeconds: day,
    maxSeconds: 365 * day,
    encodings: ['br', 'gzip'],
  },
};
const allViewerExceptHost = 'b689b0a8-53d0-40ab-baf2-68738e2966ac';

/** The rules of the one distribution of a template. Throws where something in it is not known here. */
export function readDistribution({ Resources }: DistributionTemplate): DistributionRules {
  const found = Object.values(Resources).find(({ Type }) => Type.endsWith('::Distribution'));
  const { DistributionConfig: config } = Distribution.parse(found?.Properties);
  const propertiesOf = (reference: Reference): unknown =>
    typeof reference === 'string' ? undefined : Resources[reference.name ?? '']?.Properties;
  const errors = config.CustomErrorResponses.flatMap(({ ErrorCode, ErrorCachingMinTTL: seconds }) =>
    seconds === undefined ? [] : [[ErrorCode, seconds] as const],
  );
  return {
    behaviors: [...config.CacheBehaviors, config.DefaultCacheBehavior].map((one) =>
      readBehavior(one, propertiesOf),
    ),
    errorSeconds: new Map(errors),
  };
}

function readBehavior(
  one: z.output<typeof TemplateBehavior>,
  propertiesOf: (reference: Reference) => unknown,
): Behavior {
  const codeOf = (event: string): string | undefined => {
    const found = one.FunctionAssociations.find(({ EventType }) => EventType === event);
    return found && CloudFrontFunction.parse(propertiesOf(found.FunctionARN)).FunctionCode;
  };
  const { CachePolicyId: caching, OriginRequestPolicyId: forwarding } = one;
  const managed = typeof caching === 'string' ? managedCaching[caching] : undefined;
  return {
    pattern: one.PathPattern,
    origin: one.TargetOriginId,
    allowedMethods: one.AllowedMethods,
    cache: managed ?? readCaching(propertiesOf(caching)),
    forwarded: forwarding === undefined ? [] : readForwarding(forwarding, propertiesOf),
    onRequest: codeOf('viewer-request'),
    onResponse: codeOf('viewer-response'),
  };
}

function readCaching(properties: unknown): CacheRules {
  const { CachePolicyConfig: config } = CachePolicy.parse(properties);
  const key = config.ParametersInCacheKeyAndForwardedToOrigin;
  return {
    minSeconds: config.MinTTL,
    defaultSeconds: config.DefaultTTL,
    maxSeconds: config.MaxTTL,
    headers: key.HeadersConfig.Headers.map((name) => name.toLowerCase()),
    queryStrings: key.QueryStringsConfig.QueryStringBehavior === 'all',
    encodings: [
      ...(key.EnableAcceptEncodingBrotli ? ['br'] : []),
      ...(key.EnableAcceptEncodingGzip ? ['gzip'] : []),
    ],
  };
}

function readForwarding(
  reference: Reference,
  propertiesOf: (reference: Reference) => unknown,
): readonly string[] | 'all' {
  if (reference === allViewerExceptHost) return 'all';
  const { OriginRequestPolicyConfig: config } = OriginRequestPolicy.parse(propertiesOf(reference));
  return config.HeadersConfig.Headers.map((name) => name.toLowerCase());
}
