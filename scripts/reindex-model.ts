import type { Failure } from '../core/failure.ts';
import type { ModelInfo } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { modelIdOf } from '../gpu-service/open-encoder.ts';
import { wrongArgument } from './command.ts';

interface ModelOptions {
  readonly model?: string | undefined;
  readonly 'same-model': boolean;
}

/** The settings as they would be for the model that is asked for. */
export function configFor(
  config: GpuServiceConfig,
  options: ModelOptions,
): Result<GpuServiceConfig, Failure> {
  const { model } = options;
  if (model === undefined) return ok(config);
  if (options['same-model']) return wrongArgument('--model and --same-model exclude each other');
  const [, name, pretrained] = /^([^/]+)(?:\/([^/]+))?$/.exec(model) ?? [];
  if (name === undefined) {
    return wrongArgument(`--model must be the id of a model (npm run models -- list): ${model}`);
  }
  return ok({
    ...config,
    CLIP_MODEL_NAME: name,
    CLIP_PRETRAINED: pretrained,
    CLIP_VECTOR_DIM: undefined,
    MODEL_DIR: undefined,
  });
}

/** What must be set from now on, where it is not what is set. */
export function settingsFor(
  config: GpuServiceConfig,
  wanted: GpuServiceConfig,
  { id, dimensions }: Pick<ModelInfo, 'id' | 'dimensions'>,
): string | undefined {
  const { CLIP_MODEL_NAME: name, CLIP_PRETRAINED: pretrained, CLIP_VECTOR_DIM } = wanted;
  const wrongLength = config.CLIP_VECTOR_DIM !== undefined && config.CLIP_VECTOR_DIM !== dimensions;
  const isSet = modelIdOf(config) === modelIdOf(wanted) && config.MODEL_DIR === wanted.MODEL_DIR;
  if (isSet && !wrongLength) return undefined;
  const lines = [
    ...(name === undefined ? [] : [`  CLIP_MODEL_NAME=${name}`]),
    ...(pretrained === undefined ? [] : [`  CLIP_PRETRAINED=${pretrained}`]),
    ...(config.MODEL_DIR === undefined || isSet ? [] : ['  MODEL_DIR=']),
    ...(wrongLength || CLIP_VECTOR_DIM !== undefined ? [`  CLIP_VECTOR_DIM=${dimensions}`] : []),
  ];
  return `Searches need ${id} from now on. Set, wherever this index is searched:\n${lines.join('\n')}\n`;
}
