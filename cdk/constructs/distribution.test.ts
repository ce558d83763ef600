import { describe, expect, it } from 'vitest';
import { routeAccess } from '../../http/route-access.ts';
import { createFronts, type Front, namedFronts } from '../../test/support/front.ts';
import { propertiesOf } from '../../test/support/template-resources.ts';

const all = namedFronts(createFronts());

interface Behavior {
  readonly PathPattern: string;
  readonly TargetOriginId: string;
  readonly ViewerProtocolPolicy: string;
  readonly AllowedMethods: readonly string[];
  readonly CachePolicyId: unknown;
  readonly ResponseHeadersPolicyId: { readonly Ref: string };
}

function behaviorsOf({ distribution }: Front): readonly Behavior[] {
  return distribution.CacheBehaviors;
}

/** As CloudFront chooses: the first pattern that fits, `*` for anything; `undefined` is the page. */
function behaviorOf(made: Front, path: string): Behavior | undefined {
  return behaviorsOf(made).find(({ PathPattern }) => {
    const pattern = PathPattern.replaceAll('.', String.raw`\.`).replaceAll('*', '.*');
    return new RegExp(`^${pattern}$`).test(path);
  });
}

function originOf({ distribution }: Front, id: string) {
  return distribution.Origins.find((origin: { readonly Id: string }) => origin.Id === id);
}

/** Routes that are there on a laptop alone: in the cloud S3 takes uploads and has pictures. */
const onLaptops = new Set(['/pictures/:id', '/thumbnails/:id', '/uploads/form']);
const edgeRoutes = Object.keys(routeAccess).filter((route) => !onLaptops.has(route));
const pathOf = (route: string) => route.replace(':id', '12345');

describe.each(all)('the way to the edge in %s', (_, made) => {
  it.each(edgeRoutes)('has a path for %s, for every method', (route) => {
    const behavior = behaviorOf(made, pathOf(route));
    expect(originOf(made, behavior?.TargetOriginId ?? '')).toHaveProperty('VpcOriginConfig');
    expect(behavior?.AllowedMethods).toEqual(
      expect.arrayContaining(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']),
    );
  });

  it('never has a key in the clear, not even for a redirect', () => {
    for (const route of edgeRoutes) {
      expect(behaviorOf(made, pathOf(route))?.ViewerProtocolPolicy).toBe('https-only');
    }
    expect(behaviorOf(made, '/pictures/a.jpg')?.ViewerProtocolPolicy).toBe('https-only');
    expect(made.distribution.DefaultCacheBehavior.ViewerProtocolPolicy).toBe('redirect-to-https');
  });

  it('is private, to the port that CloudFront may connect to', () => {
    expect(propertiesOf(made.resources, 'AWS::CloudFront::VpcOrigin')).toMatchObject([
      { VpcOriginEndpointConfig: { HTTPPort: 80, OriginProtocolPolicy: 'http-only' } },
    ]);
  });

  it('waits longer than the edge takes, and is not the one that is hung up on', () => {
    const { TargetOriginId = '' } = behaviorOf(made, '/search') ?? {};
    const { VpcOriginConfig } = originOf(made, TargetOriginId);
    const waitMs = 1000 * VpcOriginConfig.OriginReadTimeout;
    expect(waitMs).toBeGreaterThan(made.settings.edge.requestTimeoutMs + 2000);
    expect(VpcOriginConfig.OriginReadTimeout).toBeLessThan(120);
    expect(VpcOriginConfig.OriginKeepaliveTimeout).toBeLessThan(120);
  });

  it('keeps answers to searches, and none of the others', () => {
    const kept = edgeRoutes.filter((route) => {
      const id = behaviorOf(made, pathOf(route))?.CachePolicyId;
      return id !== '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';
    });
    expect(kept).toStrictEqual(['/search', '/facets', '/images/:id', '/images/:id/similar']);
  });
});

describe.each(all)('the pictures in %s', (_, made) => {
  const behavior = behaviorOf(made, '/pictures/a/b.jpg');
  const resource = (reference: unknown) => {
    const { Ref } = reference as { readonly Ref: string };
    return made.resources[Ref].Properties;
  };

  it('are read from the bucket by who may, and only read', () => {
    const origin = originOf(made, behavior?.TargetOriginId ?? '');
    expect(origin.OriginAccessControlId).toHaveProperty('Fn::GetAtt');
    expect(behavior?.AllowedMethods).toStrictEqual(['GET', 'HEAD']);
  });

  it('that are not there are not remembered', () => {
    const responses = made.distribution.CustomErrorResponses;
    for (const ErrorCode of [403, 404]) {
      // And stay what they are: the same rule is for the answers of the edge.
      expect(responses).toContainEqual({ ErrorCode, ErrorCachingMinTTL: 0 });
    }
    const { CustomHeadersConfig } = resource(behavior?.ResponseHeadersPolicyId)[
      'ResponseHeadersPolicyConfig'
    ];
    expect(CustomHeadersConfig.Items).toStrictEqual([
      { Header: 'Cache-Control', Value: 'no-cache', Override: true },
    ]);
  });

  it('that are gone are shown for a minute at most', () => {
    expect(resource(behavior?.CachePolicyId)['CachePolicyConfig']).toMatchObject({
      MinTTL: 0,
      DefaultTTL: 60,
      MaxTTL: 60,
    });
  });

  it('are never run, whatever is in them', () => {
    const { SecurityHeadersConfig } = resource(behavior?.ResponseHeadersPolicyId)[
      'ResponseHeadersPolicyConfig'
    ];
    const { ContentSecurityPolicy } = SecurityHeadersConfig.ContentSecurityPolicy;
    expect(ContentSecurityPolicy).toContain("default-src 'none'");
    expect(ContentSecurityPolicy).toContain('sandbox');
    expect(SecurityHeadersConfig.ContentTypeOptions).toStrictEqual({ Override: true });
  });
});
