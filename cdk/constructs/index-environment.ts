import type { EnvOf } from '../../core/env.ts';
import type { IndexImagesConfig } from '../../functions/index-images/config.ts';
import type { ReconcileConfig } from '../../functions/reconcile/config.ts';
import type { SnapshotConfig } from '../../functions/snapshot/config.ts';
import { defaults, named, type ProcessEnvironment } from '../environment.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from '../stacks/data-stack.ts';
import { qdrantVariables } from './qdrant-variables.ts';
import { cacheVariables, modelVariables } from './edge-environment.ts';

export interface IndexEnvironmentProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly serviceUrl: string;
}

/** The environment of the function that indexes what is uploaded. */
export function indexImagesEnvironment(props: IndexEnvironmentProps): ProcessEnvironment {
  const { settings, data, serviceUrl } = props;
  const inService = settings.indexing.encodeIn === 'service';
  const secrets = {
    SERVICE_SECRET: data.secrets.service,
    QDRANT_API_KEY: data.qdrant.apiKey,
    REDIS_PASSWORD: data.cache.password,
  };
  const text = {
    ...common(props),
    ...cacheVariables(data),
    ...modelVariables(settings),
    DEAD_LETTER_QUEUE_URL: data.deadLetters.queueUrl,
    ENCODER_URL: inService ? serviceUrl : '',
    ENCODER_PRECISION: inService ? '' : settings.model.precision,
    ...defaults(
      'ENCODER_THREADS',
      'ENCODER_TIMEOUT_MS',
      'INDEX_PLACE',
      'MAX_RECEIVES',
      // The image has it.
      'MODEL_DIR',
      'QDRANT_HNSW_EF_CONSTRUCT',
      'QDRANT_HNSW_M',
      'SEARCH_SPACE',
    ),
  } as const;
  void ({ ...text, ...named(secrets) } satisfies EnvOf<typeof IndexImagesConfig>);
  // The service alone asks for it.
  const { SERVICE_SECRET, ...others } = secrets;
  return { text, secrets: inService ? { ...others, SERVICE_SECRET } : others };
}

/** The environment of the function that compares the bucket with its index. */
export function reconcileEnvironment(props: IndexEnvironmentProps): ProcessEnvironment {
  const { data } = props;
  const secrets = { QDRANT_API_KEY: data.qdrant.apiKey, REDIS_PASSWORD: data.cache.password };
  const text = {
    ...common(props),
    ...cacheVariables(data),
    QUEUE_URL: data.queue.queueUrl,
    ...defaults('RECONCILE_FILTER_MB', 'RECONCILE_MAX_REMOVED', 'RECONCILE_SETTLE_SECONDS'),
  };
  void ({ ...text, ...named(secrets) } satisfies EnvOf<typeof ReconcileConfig>);
  return { text, secrets };
}

/** Where the copies of the index are kept, below its bucket. */
export const snapshotsPrefix = 'nightly';

/** The environment of the function that copies the index. */
export function snapshotEnvironment(props: IndexEnvironmentProps): ProcessEnvironment {
  const { data } = props;
  const secrets = { QDRANT_API_KEY: data.qdrant.apiKey, REDIS_PASSWORD: data.cache.password };
  const { PICTURES_BUCKET: _, ...others } = common(props);
  const text = {
    ...others,
    ...cacheVariables(data),
    SNAPSHOTS_BUCKET: data.snapshots.bucketName,
    SNAPSHOTS_PREFIX: snapshotsPrefix,
    ...defaults('SNAPSHOTS_KEPT'),
  };
  void ({ ...text, ...named(secrets) } satisfies EnvOf<typeof SnapshotConfig>);
  return { text, secrets };
}

/** What all of them are told: pictures, index, and where their measurements go. */
function common({ settings, data: { pictures, qdrant } }: IndexEnvironmentProps) {
  return {
    PICTURES_BUCKET: pictures.bucketName,
    ...qdrantVariables(qdrant),
    ENVIRONMENT: settings.environment,
    ...defaults('LOG_LEVEL', 'METRICS_NAMESPACE', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3'),
  };
}
