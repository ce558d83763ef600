import { Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { QdrantAccess } from '../constructs/qdrant.ts';
import type { CacheAccess } from '../constructs/valkey.ts';
import type { Settings } from '../settings.ts';

export interface DataStackProps extends StackProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
}

/** Names of secrets that `npm run deploy` makes before the stacks, and asks a person for. */
export interface Secrets {
  /** Made by the stack. What edge and service know each other by. */
  readonly service: ISecret;
  /** `API_KEYS`: hashes of keys, as JSON. */
  readonly apiKeys: ISecret;
  /** The key that the benchmark and the smoke test search with. */
  readonly benchmarkKey: ISecret;
  /** Where a model explains or re-ranks. */
  readonly openai: ISecret | undefined;
}

/** What lasts: pictures, what is known of them, what is waiting, what is cached. */
export class DataStack extends Stack {
  readonly pictures!: IBucket;
  /** Reports of the benchmark. */
  readonly reports!: IBucket;
  readonly snapshots!: IBucket;
  /** What S3, CloudFront and the load balancer log. */
  readonly accessLogs!: IBucket;
  readonly queue!: IQueue;
  readonly deadLetters!: IQueue;
  readonly cache!: CacheAccess;
  readonly qdrant!: QdrantAccess;
  readonly secrets!: Secrets;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
  }
}
