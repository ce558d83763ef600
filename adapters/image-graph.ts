import { err, ok, type Result } from '../core/result.ts';
import type { ModelManifest } from './model-directory.ts';
import type { OnnxSession, TensorInfo } from './onnx-session.ts';
import { findVectors } from './unit-vectors.ts';

/** What an image graph asks for, read from its input. */
export interface ImageGraph {
  readonly input: string;
  readonly type: 'float32' | 'float16';
  readonly output: string;
  /** Where the graph has a fixed number of pictures a run. */
  readonly fixedBatch: number | undefined;
}

/** @returns An error says what the graph asks for that no picture can give. */
export function readImageGraph(
  session: OnnxSession,
  { pixels: { size: side }, dimensions }: ModelManifest,
): Result<ImageGraph, string> {
  const [input, ...others] = session.inputs;
  const type = input && floatOf(input);
  if (!input || !type || others.length > 0 || input.shape.length !== 4) {
    const inputs = session.inputs.map(({ name, type: other }) => `${name} (${other})`).join(', ');
    return err(
      `its image graph wants another input than float32 or float16 pixels of four dimensions: ${inputs}`,
    );
  }
  const [batch, ...rest] = input.shape;
  const fits = rest.every(
    (size, index) => typeof size === 'string' || size === [3, side, side][index],
  );
  if (!fits)
    return err(`its image graph wants another picture size than ${side}: ${rest.join(' x ')}`);
  const output = findVectors(session.outputs, 'image_embeds', dimensions);
  if (!output.ok) return output;
  const fixedBatch = typeof batch === 'number' ? batch : undefined;
  return ok({ input: input.name, type, output: output.value, fixedBatch });
}

function floatOf({ type }: TensorInfo): 'float32' | 'float16' | undefined {
  return type === 'float32' || type === 'float16' ? type : undefined;
}
