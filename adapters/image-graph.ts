import { err, ok, type Result } from '../core/result.ts';
import type { ModelManifest } from './model-directory.ts';
import type { OnnxSession } from './onnx-session.ts';
import { findVectors } from './unit-vectors.ts';

/** What an image graph asks for, read from its input. */
export interface ImageGraph {
  readonly input: string;
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
  if (!input || others.length > 0 || input.type !== 'float32' || input.shape.length !== 4) {
    return err('its image graph wants another input than float32 pixels of four dimensions');
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
  return ok({ input: input.name, output: output.value, fixedBatch });
}
