import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { environments } from '../../cdk/settings.ts';
import { FrontStack } from '../../cdk/stacks/front-stack.ts';
import { NetworkStack } from '../../cdk/stacks/network-stack.ts';
import { createTestApp } from './cdk-app.ts';
import {
  type DistributionRules,
  DistributionTemplate,
  readDistribution,
} from './cloudfront-template.ts';

/** The rules of the distribution that is deployed as prod, from the template that is deployed. */
export function synthesizeDistribution(cdnSeconds: number): DistributionRules {
  const { prod } = environments;
  if (prod === undefined) throw new Error('There is no prod any more');
  const settings = { ...prod, edge: { ...prod.edge, cdnSeconds } };
  const outdir = mkdtempSync(join(tmpdir(), 'picture-search-cloudfront-'));
  try {
    const app = createTestApp(outdir);
    const common = { settings, env: { region: settings.region } };
    const { balancer } = new NetworkStack(app, 'network', common);
    const data = new Stack(app, 'data', common);
    const front = new FrontStack(app, 'front', {
      ...common,
      balancer,
      pictures: new Bucket(data, 'Pictures'),
      accessLogs: new Bucket(data, 'AccessLogs'),
      webAclArn: 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/web/1',
      certificate: undefined,
    });
    const { stacks } = app.synth();
    const found = stacks.find(({ stackName }) => stackName === front.stackName);
    return readDistribution(DistributionTemplate.parse(found?.template));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
