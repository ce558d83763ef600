import { Stack, Token } from 'aws-cdk-lib';
import type { IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import { CfnDelivery, CfnDeliveryDestination, CfnDeliverySource } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export interface DistributionLogProps {
  readonly environment: string;
  readonly distribution: IDistribution;
  readonly bucket: IBucket;
}

/** Without the query, the cookie and where somebody came from: none has what people search for. */
const recordFields = [
  'date',
  'time',
  'x-edge-location',
  'sc-bytes',
  'c-ip',
  'cs-method',
  'cs-uri-stem',
  'sc-status',
  'cs(User-Agent)',
  'x-edge-result-type',
  'x-edge-request-id',
  'cs-protocol',
  'cs-bytes',
  'time-taken',
  'ssl-protocol',
  'x-edge-response-result-type',
  'cs-protocol-version',
  'time-to-first-byte',
  'x-edge-detailed-result-type',
  'sc-content-type',
];

/** CloudFront delivers its log from here alone, to wherever the bucket is. */
const deliveryRegion = 'us-east-1';

/** CloudFront's access log: below `cloudfront/` of the bucket, by day. */
export class DistributionLog extends Construct {
  constructor(scope: Construct, id: string, props: DistributionLogProps) {
    super(scope, id);
    const { environment, distribution, bucket } = props;
    const where = deliveryScope(this);
    const name = `picture-search-${environment}`;
    const source = new CfnDeliverySource(where, 'Source', {
      name,
      logType: 'ACCESS_LOGS',
      resourceArn: distribution.distributionArn,
    });
    const destination = new CfnDeliveryDestination(where, 'Destination', {
      name,
      destinationResourceArn: `${bucket.bucketArn}/cloudfront`,
      outputFormat: 'w3c',
    });
    new CfnDelivery(where, 'Delivery', {
      deliverySourceName: source.ref,
      deliveryDestinationArn: destination.attrArn,
      recordFields,
      fieldDelimiter: '\t',
      s3SuffixPath: '{DistributionId}/{yyyy}/{MM}/{dd}',
    });
  }
}

/** This stack, or one of its own where this one is elsewhere. */
function deliveryScope(scope: Construct): Construct {
  const { region, account, stackName, tags } = Stack.of(scope);
  if (region === deliveryRegion) return scope;
  return new Stack(scope, 'Stack', {
    stackName: `${stackName}-logs`,
    env: { region: deliveryRegion, ...(!Token.isUnresolved(account) && { account }) },
    crossRegionReferences: true,
    tags: tags.tagValues(),
  });
}
