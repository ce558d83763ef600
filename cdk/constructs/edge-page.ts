import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import {
  BucketDeployment,
  type BucketDeploymentProps,
  CacheControl,
  Source,
} from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { acknowledgeKeys } from './bundled-function-keys.ts';
import { locallyBundled, projectRoot } from './local-bundling.ts';

export interface EdgePageProps {
  readonly settings: Settings;
  readonly bucket: IBucket;
  readonly distribution: IDistribution;
}

/**
 * The search page in its bucket. First what it is made of, under names that change with their content,
 * then the page that names them. What earlier pages are made of stays: somebody may have one open.
 */
export class EdgePage extends Construct {
  constructor(scope: Construct, id: string, props: EdgePageProps) {
    super(scope, id);
    const { bucket, distribution } = props;
    const built = this.build();
    const logGroup = this.createLogGroup(props.settings);
    const role = this.createRole(props, built, logGroup);
    const common = {
      sources: [Source.bucket(built.bucket, built.s3ObjectKey)],
      destinationBucket: bucket,
      prune: false,
      memoryLimit: 512,
      logGroup,
      // It has what it needs; what the construct would add is far more.
      role: role.withoutPolicyUpdates(),
    } satisfies BucketDeploymentProps;
    const assets = new BucketDeployment(this, 'Assets', {
      ...common,
      exclude: ['*'],
      include: ['assets/*'],
      cacheControl: [CacheControl.fromString('public, max-age=31536000, immutable')],
    });
    const page = new BucketDeployment(this, 'Page', {
      ...common,
      exclude: ['assets/*'],
      cacheControl: [CacheControl.noCache()],
      distribution,
      distributionPaths: ['/', '/index.html'],
    });
    acknowledgeRuntime(Stack.of(this));
    assets.node.addDependency(role);
    page.node.addDependency(assets);
  }

  /** Made here, by this Node and Vite. */
  private build(): Asset {
    return new Asset(this, 'Built', {
      path: projectRoot,
      ...locallyBundled('scripts/build-page.ts'),
    });
  }

  private createLogGroup({ environment, logRetentionDays }: Settings): LogGroup {
    return new LogGroup(this, 'Logs', {
      logGroupName: `picture-search-${environment}-page-deployment`,
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private createRole({ bucket, distribution }: EdgePageProps, built: Asset, logs: LogGroup): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    const allow = (actions: string[], ...resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    logs.grantWrite(role);
    allow(['s3:GetObject'], built.bucket.arnForObjects(built.s3ObjectKey));
    allow(['s3:ListBucket'], bucket.bucketArn);
    allow(['s3:PutObject'], bucket.arnForObjects('*'));
    allow(
      ['cloudfront:CreateInvalidation', 'cloudfront:GetInvalidation'],
      Stack.of(this).formatArn({
        service: 'cloudfront',
        region: '',
        resource: 'distribution',
        resourceName: distribution.distributionId,
      }),
    );
    const reason = 'The files of the page have names that change with their content.';
    acknowledgeKeys(role, { bucket, keys: '*', reason });
    return role;
  }
}

/** Of the function that copies the files, which every deployment of a stack shares. */
function acknowledgeRuntime(stack: Stack): void {
  const copying = stack.node.children.find(({ node }) =>
    node.id.startsWith('Custom::CDKBucketDeployment'),
  );
  if (copying === undefined) throw new TypeError('nobody copies the page');
  Validations.of(copying).acknowledge({
    id: 'AwsSolutions-L1',
    reason:
      'The function is of aws-cdk-lib, which chooses its Python; it runs during a deployment alone.',
  });
}
