import type { IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';

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
