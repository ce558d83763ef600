import type { IConnectable } from 'aws-cdk-lib/aws-ec2';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { OutsideQdrant } from '../settings.ts';

/** A Qdrant of one's own, or somebody's cluster. */
export interface QdrantAccess {
  readonly host: string;
  /** REST: snapshots alone. */
  readonly port: number;
  readonly grpcPort: number;
  readonly tls: boolean;
  readonly apiKey: ISecret;
  /** Lets it be asked; does nothing for a cluster outside. To be called with what is in a later stack. */
  allowFrom(peer: IConnectable): void;
  /** For alarms; undefined outside. */
  readonly metrics: QdrantMetrics | undefined;
}

export interface QdrantMetrics {
  readonly clusterName: string;
  readonly serviceName: string;
  /** Namespace, name and dimensions of the share of the volume that is used, in percent. */
  readonly disk: {
    readonly namespace: string;
    readonly name: string;
    readonly dimensions: Readonly<Record<string, string>>;
  };
}

/** A cluster that somebody else runs; `npm run deploy` has asked for its key. */
export function createOutsideQdrant(
  scope: Construct,
  id: string,
  environment: string,
  { host, port, grpcPort }: OutsideQdrant,
): QdrantAccess {
  return {
    host,
    port,
    grpcPort,
    tls: true,
    apiKey: Secret.fromSecretNameV2(scope, id, qdrantKeyName(environment)),
    allowFrom: () => undefined,
    metrics: undefined,
  };
}

export function qdrantKeyName(environment: string): string {
  return `picture-search/${environment}/qdrant-api-key`;
}
