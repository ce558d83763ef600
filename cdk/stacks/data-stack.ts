import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { createAccessLogsBucket } from '../constructs/access-logs-bucket.ts';
import { createSecrets, type Secrets } from '../constructs/data-secrets.ts';
import { OwnQdrant } from '../constructs/own-qdrant.ts';
import { PictureEvents } from '../constructs/picture-events.ts';
import { createPicturesBucket } from '../constructs/pictures-bucket.ts';
import { createPrivateBucket } from '../constructs/private-bucket.ts';
import { createOutsideQdrant, type QdrantAccess } from '../constructs/qdrant.ts';
import { type CacheAccess, Valkey } from '../constructs/valkey.ts';
import type { Settings } from '../settings.ts';

export interface DataStackProps extends StackProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
}

/** What lasts: pictures, what is known of them, what is waiting, what is cached. */
export class DataStack extends Stack {
  readonly pictures: Bucket;
  /** Reports of the benchmark. */
  readonly reports: Bucket;
  readonly snapshots: Bucket;
  /** What S3 and CloudFront log. */
  readonly accessLogs: Bucket;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly cache: CacheAccess;
  readonly qdrant: QdrantAccess;
  readonly secrets: Secrets;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { settings, vpc } = props;
    const accessLogs = createAccessLogsBucket(this, 'AccessLogs', settings);
    const logged = { settings, accessLogs };
    this.accessLogs = accessLogs;
    this.pictures = createPicturesBucket(this, 'Pictures', logged);
    this.reports = createPrivateBucket(this, 'Reports', {
      ...logged,
      lifecycleRules: [{ id: 'old', expiration: Duration.days(365) }],
    });
    this.snapshots = createPrivateBucket(this, 'Snapshots', {
      ...logged,
      lifecycleRules: [{ id: 'old', expiration: Duration.days(30) }],
    });
    const events = new PictureEvents(this, 'Events', { settings, pictures: this.pictures });
    this.queue = events.queue;
    this.deadLetters = events.deadLetters;
    this.secrets = createSecrets(this, settings);
    this.cache = new Valkey(this, 'Cache', { settings, vpc, subnets: privateSubnets(vpc) });
    this.qdrant = this.createQdrant(props);
  }

  private createQdrant({ settings, vpc }: DataStackProps): QdrantAccess {
    const { environment, qdrant, zones } = settings;
    if (qdrant.kind === 'outside') {
      return createOutsideQdrant(this, 'QdrantKey', environment, qdrant);
    }
    const subnets = privateSubnets(vpc, zones[0]);
    return new OwnQdrant(this, 'Qdrant', { settings, qdrant, vpc, subnets });
  }
}

/** Whether they have a way out is the network's business. */
function privateSubnets(vpc: IVpc, zone?: string): SubnetSelection {
  const all = [...vpc.privateSubnets, ...vpc.isolatedSubnets];
  return { subnets: all.filter((one) => zone === undefined || one.availabilityZone === zone) };
}
