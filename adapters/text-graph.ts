import { err, ok, type Result } from '../core/result.ts';
import type { OnnxSession, TensorInfo } from './onnx-session.ts';
import { findVectors } from './unit-vectors.ts';

export interface IntegerInput {
  readonly name: string;
  readonly type: 'int32' | 'int64';
}

/** What a text graph asks for, read from its inputs. */
export interface TextGraph {
  readonly ids: IntegerInput;
  readonly mask: IntegerInput | undefined;
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
  const maskInteger = mask ? integerOf(mask) : integer;
  if (!integer || !maskInteger) {
    const types = session.inputs.map(({ name, type }) => `${name} (${type})`).join(', ');
    return err(`its text graph wants ids or a mask of another type than int32 or int64: ${types}`);
  }
  if (!output.ok) return output;
  const [batch, length] = ids.shape;
  return ok({
    ids: { name: ids.name, type: integer },
    mask: mask && { name: mask.name, type: maskInteger },
    output: output.value,
    fixedBatch: typeof batch === 'number' ? batch : undefined,
    fixedLength: typeof length === 'number' ? length : undefined,
  });
}

function integerOf({ type }: TensorInfo): 'int32' | 'int64' | undefined {
  return type === 'int32' || type === 'int64' ? type : undefined;
}
