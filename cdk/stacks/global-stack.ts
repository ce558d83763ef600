import { Stack, type StackProps } from 'aws-cdk-lib';
import {
  Certificate,
  CertificateValidation,
  type ICertificate,
} from 'aws-cdk-lib/aws-certificatemanager';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { WebAcl } from '../constructs/web-acl.ts';
import type { Domain, Settings } from '../settings.ts';

export interface GlobalStackProps extends StackProps {
  readonly settings: Settings;
}

/** What CloudFront wants to be in us-east-1, wherever the rest is: firewall and certificate. */
export class GlobalStack extends Stack {
  readonly webAclArn: string;
  /** The dimension `WebACL` of the firewall's metrics, in us-east-1. */
  readonly webAclMetricName: string;
  /** Of `settings.domain`; undefined without one. */
  readonly certificate: ICertificate | undefined;

  constructor(scope: Construct, id: string, props: GlobalStackProps) {
    super(scope, id, props);
    const { settings } = props;
    const acl = new WebAcl(this, 'WebAcl', { settings });
    this.webAclArn = acl.arn;
    this.webAclMetricName = acl.metricName;
    this.certificate = settings.domain && createCertificate(this, settings.domain);
  }
}

/** Proves itself by a record in the hosted zone, and renews itself as long as that is there. */
function createCertificate(scope: Construct, domain: Domain): ICertificate {
  const { name, hostedZoneId, hostedZoneName } = domain;
  const zone = HostedZone.fromHostedZoneAttributes(scope, 'Zone', {
    hostedZoneId,
    zoneName: hostedZoneName,
  });
  return new Certificate(scope, 'Certificate', {
    domainName: name,
    validation: CertificateValidation.fromDns(zone),
  });
}
