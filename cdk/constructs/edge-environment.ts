import type { EnvOf } from '../../core/env.ts';
import type { EdgeConfig } from '../../edge/config.ts';
import { defaults, named, type ProcessEnvironment } from '../environment.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from '../stacks/data-stack.ts';

export interface EdgeEnvironmentProps {
  readonly settings: Settings;
  readonly data: DataStack;
  readonly serviceUrl: string;
  readonly picturesUrl: string;
}

/** The environment of the edge, as a function behind CloudFront and the load balancer. */
export function edgeEnvironment(props: EdgeEnvironmentProps): ProcessEnvironment {
  const { settings, data, serviceUrl, picturesUrl } = props;
  const { service, apiKeys, openai } = data.secrets;
  const secrets = {
    SERVICE_SECRET: service,
    API_KEYS: apiKeys,
    REDIS_PASSWORD: data.cache.password,
    ...(openai && { OPENAI_API_KEY: openai }),
  };
  const text = {
    SERVICE_URL: serviceUrl,
    API_KEYS_REQUIRED: 'true',
    // CloudFront: the load balancer itself says who reached it.
    TRUSTED_PROXIES: '1',
    CDN_CACHE_SECONDS: String(settings.edge.cdnSeconds),
    REQUEST_TIMEOUT_MS: String(settings.edge.requestTimeoutMs),
    PICTURES_BUCKET: data.pictures.bucketName,
    PICTURES_URL: picturesUrl,
    ENVIRONMENT: settings.environment,
    ...modelVariables(settings),
    ...cacheVariables(data),
    ...llmVariables(settings),
    ...kept,
  };
  void ({ ...text, ...named(secrets) } satisfies EnvOf<typeof EdgeConfig>);
  return { text, secrets };
}

/** What answers are kept under: the model that the service has, and its index. */
export function modelVariables({ model }: Settings) {
  const [name = '', pretrained = ''] = model.id.split('/');
  return { CLIP_MODEL_NAME: name, CLIP_PRETRAINED: pretrained };
}

export function cacheVariables({ cache }: DataStack) {
  return {
    REDIS_ENABLED: 'true',
    REDIS_HOST: cache.host,
    REDIS_PORT: cache.port,
    REDIS_USERNAME: cache.username,
    REDIS_TLS: 'true',
    // Valkey serverless is spoken to as a cluster is.
    REDIS_CLUSTER: 'true',
    ...defaults('REDIS_TIMEOUT_MS', 'REDIS_CACHE_TTL'),
  };
}

/** One key for both models, so both are asked at the same place. */
function llmVariables({ llm }: Settings) {
  return {
    LLM_ENABLED: String(llm.explanations),
    RERANK_ENABLED: String(llm.reranking),
    LLM_MODEL: 'gpt-4o-mini',
    RERANK_MODEL: 'gpt-4o-mini',
    LLM_DAILY_QUOTA: String(llm.dailyQuota),
    RERANK_DAILY_QUOTA: String(llm.dailyQuota),
    ...defaults(
      'OPENAI_API_KEY',
      'OPENAI_BASE_URL',
      'LLM_TIMEOUT_MS',
      'LLM_MAX_TOKENS',
      'LLM_INPUT_PRICE',
      'LLM_OUTPUT_PRICE',
      'RERANK_BASE_URL',
      'RERANK_API_KEY',
      'RERANK_TIMEOUT_MS',
      'RERANK_INPUT_PRICE',
      'RERANK_OUTPUT_PRICE',
    ),
  };
}

const kept = defaults(
  'API_HOST',
  'API_PORT',
  'CLOUDWATCH_METRICS',
  'CORS_ORIGINS',
  'LOG_LEVEL',
  'LOG_QUERIES',
  'METRICS_NAMESPACE',
  'QDRANT_COLLECTION',
  'RATE_LIMIT_BURST',
  'RATE_LIMIT_PER_SECOND',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_SERVICE_NAME',
  'OTEL_TRACES_SAMPLER_ARG',
);
