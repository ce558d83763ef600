import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  type IConnectable,
  type IVpc,
  Port,
  SecurityGroup,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { CfnServerlessCache, CfnUser, CfnUserGroup } from 'aws-cdk-lib/aws-elasticache';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

/** A Valkey that speaks TLS and has a user for this system. */
export interface CacheAccess {
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly username: string;
  readonly password: ISecret;
  /** Lets it be asked. To be called with what is in a later stack. */
  allowFrom(peer: IConnectable): void;
}

/**
 * Every command that this project asks of a Redis, those of its scripts (`time`) and of its client for
 * clusters among them. `constructs/valkey.test.ts` runs the cache, the limits and the quota with it.
 */
export const accessString = [
  'on ~* -@all +hello +auth +client +info +ping +cluster +readonly',
  '+get +mget +set +pexpire +unlink +type +exists +eval +evalsha +time',
].join(' ');

export interface ValkeyProps {
  readonly settings: Settings;
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
}

/** A cache and nothing else: nothing of it is kept, and it goes with its stack. */
export class Valkey extends Construct implements CacheAccess {
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly username: string;
  readonly password: ISecret;
  private readonly securityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, { settings, vpc, subnets }: ValkeyProps) {
    super(scope, id);
    const { environment, cache } = settings;
    this.name = `picture-search-${environment}`;
    this.username = this.name;
    this.password = createPassword(this, environment);
    this.securityGroup = new SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Who may ask the cache',
      allowAllOutbound: false,
    });
    const users = this.createUsers();
    const valkey = new CfnServerlessCache(this, 'Cache', {
      serverlessCacheName: this.name,
      description: 'Answers, limits and quotas',
      engine: 'valkey',
      majorEngineVersion: '8',
      cacheUsageLimits: {
        dataStorage: { maximum: cache.maxGb, unit: 'GB' },
        ecpuPerSecond: { maximum: cache.maxRequestUnitsPerSecond },
      },
      securityGroupIds: [this.securityGroup.securityGroupId],
      subnetIds: vpc.selectSubnets(subnets).subnetIds,
      userGroupId: users.ref,
      snapshotRetentionLimit: 0,
    });
    this.host = valkey.attrEndpointAddress;
    this.port = valkey.attrEndpointPort;
  }

  /** The second port is of readers: a client for clusters may ask either for the map of them. */
  allowFrom(peer: IConnectable): void {
    peer.connections.allowTo(this.securityGroup, Port.tcpRange(6379, 6380), 'the cache');
  }

  private createUsers(): CfnUserGroup {
    const user = new CfnUser(this, 'User', {
      engine: 'valkey',
      userId: this.username,
      userName: this.username,
      accessString,
      // The template has a reference; CloudFormation alone reads what is behind it.
      authenticationMode: {
        Type: 'password',
        Passwords: [this.password.secretValue.unsafeUnwrap()],
      },
    });
    return new CfnUserGroup(this, 'Users', {
      engine: 'valkey',
      userGroupId: this.name,
      userIds: [user.ref],
    });
  }
}

function createPassword(scope: Construct, environment: string): Secret {
  const password = new Secret(scope, 'Password', {
    secretName: `picture-search/${environment}/cache-password`,
    description: 'Of the user of the cache',
    generateSecretString: { passwordLength: 64, excludePunctuation: true },
    // Made anew with the cache.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  Validations.of(password).acknowledge({
    id: 'AwsSolutions-SMG4',
    reason:
      'A new password needs a release of everything that asks the cache: docs/operations.md has the steps, and secretsVersion does it watched.',
  });
  return password;
}
