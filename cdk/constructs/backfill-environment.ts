import type { EnvOf } from '../../core/env.ts';
import type { IndexJobConfig } from '../../gpu-service/index-job/config.ts';
import { defaults, named, type ProcessEnvironment } from '../environment.ts';
import type { DataStack } from '../stacks/data-stack.ts';
import type { serviceEnvironment } from './service-environment.ts';

type ServiceEnvironment = ReturnType<typeof serviceEnvironment>;

/** The environment of the job: that of the service, and what it indexes and tells of it. */
export function backfillEnvironment(
  service: ServiceEnvironment,
  data: DataStack,
): ProcessEnvironment {
  const { cache, pictures } = data;
  const secrets = { ...service.secrets, REDIS_PASSWORD: cache.password };
  const text = {
    ...service.text,
    // The states of a job are in its log; those of the service must not be mixed with it.
    CLOUDWATCH_METRICS: 'false',
    PICTURES_BUCKET: pictures.bucketName,
    REDIS_ENABLED: 'true',
    REDIS_HOST: cache.host,
    REDIS_PORT: cache.port,
    REDIS_USERNAME: cache.username,
    REDIS_TLS: 'true',
    REDIS_CLUSTER: 'true',
    ...defaults(
      'PICTURES_PREFIX',
      'INVENTORY',
      'INDEX_PLACE',
      'AWS_BATCH_JOB_ARRAY_INDEX',
      'AWS_BATCH_JOB_ARRAY_SIZE',
      'AWS_ENDPOINT_URL',
      'AWS_ENDPOINT_URL_S3',
      'REDIS_TIMEOUT_MS',
      'REDIS_CACHE_TTL',
    ),
  };
  void ({ ...text, ...named(secrets) } satisfies EnvOf<typeof IndexJobConfig>);
  return { text, secrets };
}
