/** What one environment is. Every number that differs between two of them is here, and nothing else. */
export interface Settings {
  readonly environment: string;
  readonly region: string;
  /** By name, so that synthesis asks nobody; the first has Qdrant and its volume. */
  readonly zones: readonly [string, string, ...string[]];
  /** Of `com.amazonaws.global.cloudfront.origin-facing` in this region; `npm run deploy` compares it. */
  readonly originFacingPrefixList: string;
  /** Left out: the name that CloudFront gives. */
  readonly domain?: Domain;
  /** Who is told of alarms and of money; must confirm the first mail. */
  readonly alarmEmail: string;
  /** Of the registry (`npm run models -- list`), or `demo`. */
  readonly model: Model;
  /** Zones that have the private endpoints of AWS; the other zones go through these. */
  readonly endpointZones: number;
  readonly service: GpuService | CpuService;
  readonly qdrant: OwnQdrant | OutsideQdrant;
  readonly cache: { readonly maxGb: number; readonly maxRequestUnitsPerSecond: number };
  readonly edge: Edge;
  readonly indexing: Indexing;
  /** Machines that index a whole bucket at once; none runs while there is nothing to do. */
  readonly backfill: { readonly instanceType: string; readonly maxVcpus: number };
  readonly llm: Llm;
  readonly benchmark: { readonly everyMinutes: number; readonly targetP95Ms: number };
  readonly monthlyBudgetUsd: number;
  readonly logRetentionDays: 7 | 30 | 90;
  /** Whether data outlives its stack, and stacks are protected from deletion. */
  readonly keepData: boolean;
  /** Raise it after a secret has changed: everything that reads one starts anew, watched like any release. */
  readonly secretsVersion: number;
}

export interface Domain {
  readonly name: string;
  /** Of Route 53, in the same account. */
  readonly hostedZoneId: string;
  readonly hostedZoneName: string;
}

export interface Model {
  /** `name/pretrained`, or `demo`. */
  readonly id: string;
  readonly dimensions: number;
  readonly precision: 'fp32' | 'fp16' | 'int8';
}

interface ServiceSize {
  /** Tasks; one more is there during a release. */
  readonly minTasks: number;
  readonly maxTasks: number;
  /** Searches that one task takes at once; more are refused. */
  readonly maxConcurrentSearches: number;
}

export interface GpuService extends ServiceSize {
  readonly kind: 'gpu';
  readonly instanceType: string;
  /** Machines beyond the tasks that wait, warm, for a release, a peak or a broken one. */
  readonly spareInstances: number;
}

export interface CpuService extends ServiceSize {
  readonly kind: 'cpu';
  readonly vcpus: number;
  readonly memoryMb: number;
}

export interface OwnQdrant {
  readonly kind: 'own';
  readonly instanceType: string;
  readonly volumeGb: number;
  /**
   * A snapshot of EBS (`snap-…`) that a new volume is made of, in place of the one that is there, which
   * stays. It stays set: without it the first volume is meant again.
   */
  readonly restoreFrom?: string;
}

export interface OutsideQdrant {
  readonly kind: 'outside';
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
}

export interface Edge {
  readonly memoryMb: number;
  /** Instances that are always warm; 0: the first search after a pause waits for a start. */
  readonly provisionedConcurrency: number;
  readonly reservedConcurrency: number;
  readonly requestTimeoutMs: number;
  /** Seconds that CloudFront keeps the answer to a GET: 1 to 60. */
  readonly cdnSeconds: number;
  /** Requests of one address in five minutes, before the firewall refuses more. */
  readonly maxRequestsPerAddress: number;
  /** How a new version takes over. */
  readonly release: 'all-at-once' | 'canary';
}

export interface Indexing {
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly maxConcurrency: number;
  readonly batchSize: number;
  /** Pictures are encoded in the function itself, or by the service: large models need its GPU. */
  readonly encodeIn: 'function' | 'service';
}

export interface Llm {
  readonly explanations: boolean;
  readonly reranking: boolean;
  readonly dailyQuota: number;
}

const dev: Settings = {
  environment: 'dev',
  region: 'us-east-1',
  zones: ['us-east-1a', 'us-east-1b'],
  originFacingPrefixList: 'pl-3b927c52',
  alarmEmail: 'picture-search-dev@example.com',
  model: { id: 'demo', dimensions: 256, precision: 'fp32' },
  endpointZones: 1,
  service: {
    kind: 'cpu',
    vcpus: 1,
    memoryMb: 2048,
    minTasks: 1,
    maxTasks: 2,
    maxConcurrentSearches: 64,
  },
  qdrant: { kind: 'own', instanceType: 't4g.medium', volumeGb: 20 },
  cache: { maxGb: 1, maxRequestUnitsPerSecond: 1000 },
  edge: {
    memoryMb: 1024,
    provisionedConcurrency: 0,
    reservedConcurrency: 20,
    requestTimeoutMs: 10_000,
    cdnSeconds: 10,
    maxRequestsPerAddress: 2000,
    release: 'all-at-once',
  },
  indexing: {
    memoryMb: 2048,
    timeoutSeconds: 120,
    maxConcurrency: 4,
    batchSize: 10,
    encodeIn: 'function',
  },
  backfill: { instanceType: 'c7i.xlarge', maxVcpus: 8 },
  llm: { explanations: false, reranking: false, dailyQuota: 200 },
  benchmark: { everyMinutes: 360, targetP95Ms: 50 },
  monthlyBudgetUsd: 300,
  logRetentionDays: 7,
  keepData: false,
  secretsVersion: 1,
};

const staging: Settings = {
  ...dev,
  environment: 'staging',
  alarmEmail: 'picture-search-staging@example.com',
  model: { id: 'ViT-H-14/laion2b_s32b_b79k', dimensions: 1024, precision: 'fp32' },
  service: {
    kind: 'gpu',
    instanceType: 'g6.xlarge',
    minTasks: 1,
    maxTasks: 2,
    spareInstances: 1,
    maxConcurrentSearches: 128,
  },
  qdrant: { kind: 'own', instanceType: 'r7g.large', volumeGb: 100 },
  edge: { ...dev.edge, provisionedConcurrency: 1, release: 'canary' },
  indexing: { ...dev.indexing, encodeIn: 'service', batchSize: 32 },
  backfill: { instanceType: 'g6.2xlarge', maxVcpus: 16 },
  benchmark: { everyMinutes: 60, targetP95Ms: 50 },
  monthlyBudgetUsd: 2000,
  logRetentionDays: 30,
};

const prod: Settings = {
  ...staging,
  environment: 'prod',
  alarmEmail: 'picture-search-prod@example.com',
  endpointZones: 2,
  service: {
    kind: 'gpu',
    instanceType: 'g6.2xlarge',
    minTasks: 2,
    maxTasks: 6,
    spareInstances: 1,
    maxConcurrentSearches: 128,
  },
  qdrant: { kind: 'own', instanceType: 'r7g.2xlarge', volumeGb: 500 },
  cache: { maxGb: 10, maxRequestUnitsPerSecond: 20_000 },
  edge: {
    ...staging.edge,
    memoryMb: 1769,
    provisionedConcurrency: 5,
    reservedConcurrency: 200,
    maxRequestsPerAddress: 10_000,
  },
  indexing: { ...staging.indexing, maxConcurrency: 20 },
  backfill: { instanceType: 'g6.2xlarge', maxVcpus: 64 },
  benchmark: { everyMinutes: 15, targetP95Ms: 50 },
  monthlyBudgetUsd: 6000,
  logRetentionDays: 90,
  keepData: true,
};

export const environments: Readonly<Record<string, Settings>> = { dev, staging, prod };
