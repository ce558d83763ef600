import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type GraphValue, onnxFile } from './onnx-graph.ts';

const smallDimensions = 3;
const words = ['[UNK]', '[START]', '[END]', 'red', 'green', 'blue', 'dog', 'cat'];

/** Vocabulary of a few words, each a token of its own between a start and an end token. */
export const smallTokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: { type: 'Lowercase' },
  pre_tokenizer: { type: 'WhitespaceSplit' },
  post_processor: { type: 'RobertaProcessing', sep: ['[END]', 2], cls: ['[START]', 1] },
  decoder: null,
  model: {
    type: 'WordPiece',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    unk_token: '[UNK]',
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
  },
};

export interface TextGraphForm {
  readonly integer: 'int32' | 'int64';
  readonly shape: readonly (number | string)[];
  readonly output: string;
  readonly dimensions: number;
  /** Inputs that the graph declares besides the ids. */
  readonly others: readonly GraphValue[];
}

/** Adds up one vector per token, padding included: padding that should not be there is seen. */
export function sumOfTokens(form: Partial<TextGraphForm> = {}): Buffer {
  const { integer = 'int64', shape = ['batch', 'length'], output = 'text_embeds' } = form;
  const { dimensions = smallDimensions } = form;
  const table = Float32Array.from(
    { length: words.length * dimensions },
    (_, place) => Math.sin(place * 7.3) + 0.2,
  );
  return onnxFile({
    inputs: [{ name: 'text', type: integer, shape }, ...(form.others ?? [])],
    outputs: [{ name: output, type: 'float32', shape: [shape[0] ?? 'batch', dimensions] }],
    constants: [
      { name: 'table', shape: [words.length, dimensions], data: table },
      { name: 'axis', shape: [1], data: BigInt64Array.of(1n) },
    ],
    nodes: [
      { op: 'Gather', inputs: ['table', 'text'], output: 'tokens' },
      { op: 'ReduceSum', inputs: ['tokens', 'axis'], output, integers: { keepdims: 0 } },
    ],
  });
}

/** The logarithm of the mean colour: NaN for a dark picture (pixels reach from -1 to 1). */
export function logOfColour(batch: number | string = 'batch', side: number | string = 8): Buffer {
  return onnxFile({
    inputs: [{ name: 'pixels', type: 'float32', shape: [batch, 3, side, side] }],
    outputs: [{ name: 'embeds', type: 'float32', shape: [batch, smallDimensions] }],
    nodes: [
      { op: 'GlobalAveragePool', inputs: ['pixels'], output: 'means' },
      { op: 'Flatten', inputs: ['means'], output: 'flat' },
      { op: 'Log', inputs: ['flat'], output: 'embeds' },
    ],
  });
}

/** The mean colour, taken to as many dimensions as a model is said to have. */
export function projectedColour(dimensions: number): Buffer {
  const data = Float32Array.from({ length: 3 * dimensions }, (_, place) => Math.sin(place * 3.1));
  return onnxFile({
    inputs: [{ name: 'pixel_values', type: 'float32', shape: ['batch', 3, 'height', 'width'] }],
    outputs: [{ name: 'image_embeds', type: 'float32', shape: ['batch', dimensions] }],
    constants: [{ name: 'projection', shape: [3, dimensions], data }],
    nodes: [
      { op: 'GlobalAveragePool', inputs: ['pixel_values'], output: 'means' },
      { op: 'Flatten', inputs: ['means'], output: 'flat' },
      { op: 'MatMul', inputs: ['flat', 'projection'], output: 'image_embeds' },
    ],
  });
}

export interface SmallModelParts {
  readonly text: Buffer;
  readonly image: Buffer;
  readonly tokenizer: string;
  /** Replaces fields of `model.json`. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Writes a whole model directory of a few hundred bytes. */
export async function writeSmallModel(
  directory: string,
  parts: Partial<SmallModelParts> = {},
): Promise<void> {
  const contents = {
    text: ['text.onnx', parts.text ?? sumOfTokens()],
    image: ['image.onnx', parts.image ?? logOfColour()],
    tokenizer: ['tokenizer.json', Buffer.from(parts.tokenizer ?? JSON.stringify(smallTokenizer))],
  } as const;
  const files: Record<string, unknown> = {};
  for (const [name, [file, content]] of Object.entries(contents)) {
    await writeFile(path.join(directory, file), content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    files[name] = { path: file, bytes: content.length, sha256 };
  }
  const manifest = {
    id: 'small',
    dimensions: smallDimensions,
    contextLength: 8,
    files,
    pixels: { size: 8, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    source: 'a test',
    licence: 'MIT',
    ...parts.manifest,
  };
  await writeFile(path.join(directory, 'model.json'), JSON.stringify(manifest));
}
