import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { withHeaders } from '../../http/middleware.ts';
import { createFronts, domain, namedFronts } from '../../test/support/front.ts';
import { propertiesOf, resourcesOf } from '../../test/support/template-resources.ts';

const fronts = createFronts();
const { inProd, withDomain } = fronts;
const all = namedFronts(fronts);

describe.each(all)('the page in %s', (_, made) => {
  it('has the headers that it has on a laptop, but sends forms to the bucket', async () => {
    const laptop = new Hono()
      .use(withHeaders(() => {}, ['https://BUCKET']))
      .get('/', (c) => c.text(''));
    const { headers } = await laptop.request('/');
    const id = made.distribution.DefaultCacheBehavior.ResponseHeadersPolicyId.Ref;
    const { SecurityHeadersConfig: said } =
      made.resources[id].Properties.ResponseHeadersPolicyConfig;
    const { ContentSecurityPolicy } = said.ContentSecurityPolicy;
    expect(textOf(ContentSecurityPolicy)).toBe(headers.get('content-security-policy'));
    expect(JSON.stringify(ContentSecurityPolicy)).toContain('RegionalDomainName');
    expect(said.FrameOptions.FrameOption).toBe(headers.get('x-frame-options'));
    expect(said.ReferrerPolicy.ReferrerPolicy).toBe(headers.get('referrer-policy'));
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(said.ContentTypeOptions).toStrictEqual({ Override: true });
    expect(said.StrictTransportSecurity.AccessControlMaxAgeSec).toBe(31_536_000);
  });

  it('is index.html, and kept only as its files say', () => {
    expect(made.distribution.DefaultRootObject).toBe('index.html');
    const id = made.distribution.DefaultCacheBehavior.CachePolicyId.Ref;
    const { CachePolicyConfig } = made.resources[id].Properties;
    expect(CachePolicyConfig).toMatchObject({ MinTTL: 0, DefaultTTL: 0 });
  });

  it('lies where its versions before it are, too', () => {
    expect(propertiesOf(made.resources, 'AWS::S3::Bucket')).toMatchObject([
      { VersioningConfiguration: { Status: 'Enabled' } },
    ]);
  });
});

/** The text of a `Fn::Join`, with `BUCKET` for what is only known when it is deployed. */
function textOf(joined: { readonly 'Fn::Join': readonly [string, readonly unknown[]] }): string {
  const [, parts] = joined['Fn::Join'];
  return parts.map((part) => (typeof part === 'string' ? part : 'BUCKET')).join('');
}

describe.each(all)('the buckets in %s', (_, { template, resources, settings }) => {
  it('let nobody in from outside: every bucket blocks public access and wants TLS', () => {
    template.allResourcesProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
    const policies = propertiesOf(resources, 'AWS::S3::BucketPolicy');
    expect(policies).toHaveLength(propertiesOf(resources, 'AWS::S3::Bucket').length);
    for (const { PolicyDocument } of policies) {
      expect(PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        }),
      );
    }
  });

  it('outlive their stack where data is kept', () => {
    const policies = Object.values(resourcesOf(template, 'AWS::S3::Bucket')).map(
      ({ DeletionPolicy }) => DeletionPolicy,
    );
    expect(policies).toStrictEqual([settings.keepData ? 'Retain' : 'Delete']);
  });
});

describe.each(all)('the log in %s', (_, made) => {
  const isElsewhere = made.settings.region !== 'us-east-1';
  const logs = (isElsewhere ? made.logResources : made.resources) ?? {};

  it('is delivered from us-east-1, where CloudFront has it', () => {
    expect(made.logResources === undefined).toBe(!isElsewhere);
    expect(propertiesOf(logs, 'AWS::Logs::DeliverySource')).toMatchObject([
      { LogType: 'ACCESS_LOGS', Name: `picture-search-${made.settings.environment}` },
    ]);
  });

  it('has no query, no cookie and no page before: nothing of what people search for', () => {
    const [delivery] = propertiesOf(logs, 'AWS::Logs::Delivery');
    expect(delivery?.['RecordFields']).toContain('cs-uri-stem');
    expect(delivery?.['RecordFields']).not.toContain('cs-uri-query');
    expect(delivery?.['RecordFields']).not.toContain('cs(Cookie)');
    expect(delivery?.['RecordFields']).not.toContain('cs(Referer)');
  });

  it('goes below cloudfront/ of the bucket', () => {
    const [destination] = propertiesOf(logs, 'AWS::Logs::DeliveryDestination');
    expect(JSON.stringify(destination?.['DestinationResourceArn'])).toContain('"/cloudfront"');
  });
});

describe('the front', () => {
  it.each(all)('stands behind the firewall in %s', (_, { distribution }) => {
    expect(JSON.stringify(distribution.WebACLId)).toContain('WebAcl');
  });

  it('speaks HTTP/2 and HTTP/3', () => {
    expect(inProd.distribution.HttpVersion).toBe('http2and3');
  });

  it('takes no less than TLS 1.2 for a domain', () => {
    expect(withDomain.distribution.ViewerCertificate).toMatchObject({
      MinimumProtocolVersion: 'TLSv1.2_2021',
      SslSupportMethod: 'sni-only',
    });
  });

  it('answers to its domain, by both kinds of addresses', () => {
    expect(withDomain.distribution.Aliases).toStrictEqual([domain.name]);
    for (const Type of ['A', 'AAAA']) {
      withDomain.template.hasResourceProperties('AWS::Route53::RecordSet', {
        Type,
        Name: `${domain.name}.`,
        HostedZoneId: domain.hostedZoneId,
      });
    }
    inProd.template.resourceCountIs('AWS::Route53::RecordSet', 0);
  });

  it('says where it is', () => {
    expect(withDomain.stack.url).toBe('https://pictures.example.com');
    expect(withDomain.stack.picturesUrl).toBe('https://pictures.example.com/pictures/');
    const { Value } = inProd.template.findOutputs('Url')['Url'] ?? {};
    const [id] = Object.keys(inProd.template.findResources('AWS::CloudFront::Distribution'));
    expect(Value).toStrictEqual({
      'Fn::Join': ['', ['https://', { 'Fn::GetAtt': [id, 'DomainName'] }]],
    });
  });

  it.each(all)('is made without asking anybody in %s', (_, { missing }) => {
    expect(missing).toBeUndefined();
  });

  it.each(all)('has no finding of cdk-nag in %s', (_, { checks, stack }) => {
    expect(checks.validateScope(stack).violations).toStrictEqual([]);
  });
});
