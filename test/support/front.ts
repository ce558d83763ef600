import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { environments, type Settings } from '../../cdk/settings.ts';
import { FrontStack } from '../../cdk/stacks/front-stack.ts';
import { GlobalStack } from '../../cdk/stacks/global-stack.ts';
import { NetworkStack } from '../../cdk/stacks/network-stack.ts';
import { createTestApp } from './cdk-app.ts';
import { propertiesOf, type Resources } from './template-resources.ts';

const { dev, prod } = environments as { readonly dev: Settings; readonly prod: Settings };

export const domain = {
  name: 'pictures.example.com',
  hostedZoneId: 'Z0123456789',
  hostedZoneName: 'example.com',
};

export type Front = ReturnType<typeof createFront>;

/** Fronts that differ: with and without a domain, with and without an account, here and elsewhere. */
export function createFronts() {
  const outdir = mkdtempSync(join(tmpdir(), 'picture-search-front-'));
  const make = (name: string, settings: Settings, account?: string) =>
    createFront(join(outdir, name), settings, account);
  try {
    return {
      inDev: make('dev', dev),
      inProd: make('prod', prod),
      withDomain: make('domain', { ...prod, domain }, '111122223333'),
      elsewhere: make('elsewhere', {
        ...prod,
        domain,
        region: 'eu-central-1',
        zones: ['eu-central-1a', 'eu-central-1b'],
      }),
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** The same by name, for `describe.each`. */
export function namedFronts({
  inDev,
  inProd,
  withDomain,
  elsewhere,
}: ReturnType<typeof createFronts>) {
  return [
    ['dev', inDev],
    ['prod', inProd],
    ['prod with a domain', withDomain],
    ['another region', elsewhere],
  ] as const;
}

/** The stacks before, and two buckets in the place of the data stack. */
function createFront(outdir: string, settings: Settings, account?: string) {
  const app = createTestApp(outdir);
  const common = { settings, crossRegionReferences: settings.region !== 'us-east-1' };
  const env = { account, region: settings.region };
  const global = new GlobalStack(app, 'global', {
    ...common,
    env: { account, region: 'us-east-1' },
  });
  const network = new NetworkStack(app, 'network', { ...common, env });
  const data = new Stack(app, 'data', { ...common, env });
  const stack = new FrontStack(app, 'front', {
    ...common,
    env,
    balancer: network.balancer,
    pictures: new Bucket(data, 'Pictures'),
    accessLogs: new Bucket(data, 'AccessLogs'),
    webAclArn: global.webAclArn,
    certificate: global.certificate,
  });
  const { manifest, stacks } = app.synth();
  const ofStack = (name: string): Resources | undefined =>
    stacks.find(({ stackName }) => stackName === name)?.template.Resources;
  const resources = ofStack('front') ?? {};
  const [distribution] = propertiesOf(resources, 'AWS::CloudFront::Distribution');
  return {
    settings,
    stack,
    missing: manifest.missing,
    resources,
    /** Of the stack in us-east-1 that the log needs where the front is elsewhere. */
    logResources: ofStack('front-logs'),
    template: Template.fromStack(stack),
    distribution: distribution?.['DistributionConfig'],
    checks: new AwsSolutionsChecks(app),
  };
}
