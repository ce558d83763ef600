import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { Distribution, IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { AaaaRecord, ARecord, HostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { createDistribution } from '../constructs/distribution.ts';
import { DistributionLog } from '../constructs/distribution-log.ts';
import { Generations } from '../constructs/generations.ts';
import { createPageBucket } from '../constructs/page-bucket.ts';
import type { Domain, Settings } from '../settings.ts';

export interface FrontStackProps extends StackProps {
  readonly settings: Settings;
  readonly balancer: ApplicationLoadBalancer;
  readonly pictures: IBucket;
  readonly accessLogs: IBucket;
  readonly webAclArn: string;
  readonly certificate: ICertificate | undefined;
}

/** CloudFront: the page, the pictures, and the way to the edge. */
export class FrontStack extends Stack {
  readonly distribution: IDistribution;
  /** `https://…`, without a slash at its end. */
  readonly url: string;
  /** `https://…/pictures/`: what `PICTURES_URL` is. */
  readonly picturesUrl: string;
  /** Where the built page goes. */
  readonly page: IBucket;
  /** The store of keys that CloudFront reads the generation of the index from. */
  readonly generations: { readonly arn: string };

  constructor(scope: Construct, id: string, props: FrontStackProps) {
    super(scope, id, props);
    const { settings, accessLogs } = props;
    const { domain, environment } = settings;
    const page = createPageBucket(this, settings);
    const generations = new Generations(this, 'Generations');
    const distribution = createDistribution(this, { ...props, page, generations });
    new DistributionLog(this, 'Log', { environment, distribution, bucket: accessLogs });
    if (domain !== undefined) pointTo(distribution, domain);
    this.distribution = distribution;
    this.page = page;
    this.generations = generations;
    this.url = `https://${domain?.name ?? distribution.distributionDomainName}`;
    this.picturesUrl = `${this.url}/pictures/`;
    new CfnOutput(this, 'Url', { value: this.url, description: 'Where to search' });
  }
}

/** Both kinds of addresses, as CloudFront has both. */
function pointTo(distribution: Distribution, domain: Domain): void {
  const { name: recordName, hostedZoneId, hostedZoneName: zoneName } = domain;
  const zone = HostedZone.fromHostedZoneAttributes(distribution, 'Zone', {
    hostedZoneId,
    zoneName,
  });
  const target = RecordTarget.fromAlias(new CloudFrontTarget(distribution));
  // With its dot at the end it is the whole name, whatever the zone is.
  const record = { zone, target, recordName: `${recordName}.` };
  new ARecord(distribution, 'Ipv4', record);
  new AaaaRecord(distribution, 'Ipv6', record);
}
