import { directoryOf } from '../adapters/model-pull-state.ts';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import { type Async, failure } from '../core/failure.ts';
import type { Encoder, Logger } from '../core/ports.ts';
import { err } from '../core/result.ts';
import { createRemoteEncoder } from '../http/remote-encoder.ts';
import type { GpuServiceConfig } from './config.ts';

const builtIn = 'models/demo';

/** The id of the model that was asked for by name; `undefined` where none was. */
export function modelIdOf(config: GpuServiceConfig): string | undefined {
  const { CLIP_MODEL_NAME: name, CLIP_PRETRAINED: pretrained } = config;
  return pretrained === undefined ? name : `${name}/${pretrained}`;
}

/** Where the model's files are, or will be once it is pulled. */
export function modelDirectoryOf(config: GpuServiceConfig): string {
  const id = modelIdOf(config);
  if (config.MODEL_DIR !== undefined) return config.MODEL_DIR;
  return id === undefined || id === 'demo' ? builtIn : directoryOf(config.DATA_DIR, id);
}

/** The encoder that the environment asks for, warm: one here, or another service's. */
export async function openEncoder(
  config: GpuServiceConfig,
  logger: Pick<Logger, 'info' | 'error'>,
): Async<Encoder> {
  const encoder =
    config.ENCODER_URL === undefined
      ? await createOnnxEncoder({
          directory: modelDirectoryOf(config),
          threads: config.ENCODER_THREADS,
          device: config.FORCE_CPU ? 'cpu' : config.REQUIRE_GPU ? 'cuda' : 'auto',
          precision: config.ENCODER_PRECISION === 'auto' ? undefined : config.ENCODER_PRECISION,
          logger,
        })
      : await createRemoteEncoder({
          baseUrl: config.ENCODER_URL,
          timeoutMs: config.ENCODER_TIMEOUT_MS,
          secret: config.SERVICE_SECRET[0],
        });
  if (!encoder.ok) return encoder;
  const wrong = findMismatch(encoder.value, config);
  if (wrong === undefined) return encoder;
  await encoder.value.close();
  return err(failure('model_mismatch', `Cannot start as ${wrong}`));
}

/** What the environment says of the model and the model does not keep. */
function findMismatch({ model }: Encoder, config: GpuServiceConfig): string | undefined {
  const { CLIP_VECTOR_DIM: dimensions, ENCODER_URL, MODEL_DIR } = config;
  const id = modelIdOf(config);
  if (id !== undefined && id !== model.id) {
    const place =
      ENCODER_URL === undefined ? `MODEL_DIR (${MODEL_DIR})` : `ENCODER_URL (${ENCODER_URL})`;
    return `CLIP_MODEL_NAME and CLIP_PRETRAINED ask for ${id}, but ${place} has another model (leave one of the two out): ${model.id}`;
  }
  if (dimensions !== undefined && dimensions !== model.dimensions) {
    return `CLIP_VECTOR_DIM is ${dimensions}, but the vectors of ${model.id} have another length (set it so, or leave it out): ${model.dimensions}`;
  }
  return undefined;
}
