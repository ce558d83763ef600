import { err, ok, type Result } from '../core/result.ts';
import type { OnnxSession, TensorInfo } from './onnx-session.ts';
import { findVectors } from './unit-vectors.ts';

/** What a text graph asks for, read from its inputs. */
export interface TextGraph {
  readonly ids: string;
  readonly mask: string | undefined;
  readonly integer: 'int32' | 'int64';
  readonly output: string;
  /** Where the graph has a fixed number of texts a run or tokens a text. */
  readonly fixedBatch: number | undefined;
  readonly fixedLength: number | undefined;
}

/** @returns An error says what the graph asks for that no text can give. */
export function readTextGraph(session: OnnxSession, dimensions: number): Result<TextGraph, string> {
  const mask = session.inputs.find(({ name }) => name.includes('mask'));
  const [ids, ...others] = session.inputs.filter((input) => input !== mask);
  const output = findVectors(session.outputs, 'text_embeds', dimensions);
  if (!ids || others.length > 0) {
    const names = session.inputs.map(({ name }) => name).join(', ');
    return err(`its text graph wants other inputs than token ids and a mask: ${names}`);
  }
  const integer = integerOf(ids);
  if (!integer || (mask && integerOf(mask) !== integer)) {
    return err(`its text graph wants ids of another type than int32 or int64: ${ids.type}`);
  }
  if (!output.ok) return output;
  const [batch, length] = ids.shape;
  return ok({
    ids: ids.name,
    mask: mask?.name,
    integer,
    output: output.value,
    fixedBatch: typeof batch === 'number' ? batch : undefined,
    fixedLength: typeof length === 'number' ? length : undefined,
  });
}

function integerOf({ type }: TensorInfo): 'int32' | 'int64' | undefined {
  return type === 'int32' || type === 'int64' ? type : undefined;
}
