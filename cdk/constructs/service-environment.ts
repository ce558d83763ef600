import type { EnvOf } from '../../core/env.ts';
import type { GpuServiceConfig } from '../../gpu-service/config.ts';
import { defaults, named, type ProcessEnvironment } from '../environment.ts';
import type { Settings } from '../settings.ts';
import type { DataStack } from '../stacks/data-stack.ts';
import { qdrantVariables } from './qdrant-variables.ts';

/** Where the image has its model, and the only folder that the process may write to. */
export const imagePaths = { model: '/model', data: '/data' } as const;

/** What the process is called in its metrics. */
export const serviceDimension = 'gpu-service';
export const servicePort = 8000;

/** What is no variable of the program: where its libraries put files, such as what CUDA has compiled. */
export const libraryVariables = { TMPDIR: imagePaths.data, HOME: imagePaths.data } as const;

/** The environment of the process that encodes and searches. */
export function serviceEnvironment(
  settings: Settings,
  { data, picturesUrl }: { readonly data: DataStack; readonly picturesUrl: string },
) {
  const { qdrant, secrets: known } = data;
  const secrets = { SERVICE_SECRET: known.service, QDRANT_API_KEY: qdrant.apiKey };
  const text = {
    API_HOST: '0.0.0.0',
    API_PORT: String(servicePort),
    ...modelVariables(settings),
    VECTOR_STORE: 'qdrant',
    DATA_DIR: imagePaths.data,
    ...qdrantVariables(qdrant),
    PICTURES_URL: picturesUrl,
    REQUEST_TIMEOUT_MS: String(settings.edge.requestTimeoutMs),
    MAX_CONCURRENT_SEARCHES: String(settings.service.maxConcurrentSearches),
    CLOUDWATCH_METRICS: 'true',
    ENVIRONMENT: settings.environment,
    ...defaultsOfStore,
    ...defaults(
      'ENCODER_URL',
      'ENCODER_TIMEOUT_MS',
      'ENCODER_THREADS',
      'METRICS_NAMESPACE',
      'LOG_QUERIES',
      'LOG_LEVEL',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_HEADERS',
      'OTEL_SERVICE_NAME',
      'OTEL_TRACES_SAMPLER_ARG',
    ),
  } as const;
  void ({ ...text, ...named(secrets) } satisfies EnvOf<typeof GpuServiceConfig>);
  return { text, secrets } satisfies ProcessEnvironment;
}

/** The image has one model; its name here is a question whether it is the right one. */
function modelVariables({ model, service }: Settings) {
  const [name = '', pretrained = ''] = model.id.split('/');
  const onGpu = service.kind === 'gpu';
  return {
    MODEL_DIR: imagePaths.model,
    CLIP_MODEL_NAME: name,
    CLIP_PRETRAINED: pretrained,
    CLIP_VECTOR_DIM: String(model.dimensions),
    ENCODER_PRECISION: model.precision,
    FORCE_CPU: String(!onGpu),
    REQUIRE_GPU: String(onGpu),
  };
}

const defaultsOfStore = defaults(
  'QDRANT_HNSW_M',
  'QDRANT_HNSW_EF_CONSTRUCT',
  'QDRANT_HNSW_EF',
  'SEARCH_SPACE',
);
