import { type Async, type Failure, failure } from '../core/failure.ts';
import type { EncodedText } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import type { ModelDirectory, Pooling } from './model-directory.ts';
import type { Device } from './onnx-device.ts';
import type { OnnxSession } from './onnx-session.ts';
import { readTextGraph, type TextGraph } from './text-graph.ts';
import { planRuns, type RunForm, toFeeds } from './text-runs.ts';
import { createTokenizer, type TokenizedText } from './tokenizer.ts';
import { type Rows, toUnitVectors } from './unit-vectors.ts';

export interface TextTower {
  encode(texts: readonly string[], signal?: AbortSignal): Async<EncodedText[]>;
}

/**
 * On two cores a run of ViT-B/32's text tower costs as much as 3 to 6 tokens more; on a GPU starting
 * a few hundred kernels costs more than any batch of texts.
 */
const runCostTokens: Readonly<Record<Device, number>> = { cpu: 6, cuda: 1000 };

/** Each text is encoded at its own length. Fails with `invalid_model`. */
export async function createTextTower(
  { manifest, tokenizer: path }: ModelDirectory,
  session: OnnxSession,
  device: Device,
): Async<TextTower> {
  const { contextLength, dimensions, padding, lowercase } = manifest;
  const graph = readTextGraph(session, dimensions);
  if (!graph.ok) {
    const detail = `Cannot load the model as ${graph.error}; export it again: ${manifest.id}`;
    return err(failure('invalid_model', detail));
  }
  const tokenizer = await createTokenizer({
    path,
    contextLength: Math.min(contextLength, graph.value.fixedLength ?? contextLength),
    paddingId: padding.id,
    lowercase,
  });
  if (!tokenizer.ok) return tokenizer;
  const form = toForm(graph.value, { ...manifest, device });
  const run = createRun(session, form, manifest);

  return ok({
    async encode(texts, signal) {
      const tokenized = texts.map((text) => tokenizer.value.encode(text));
      const encoded: EncodedText[] = [];
      for (const places of planRuns(tokenized, form)) {
        const together = places.flatMap((place) => tokenized[place] ?? []);
        const some = await run(together, signal);
        if (!some.ok) return some;
        for (const [row, text] of some.value.entries()) encoded[places[row] ?? 0] = text;
      }
      return ok(encoded);
    },
  });
}

function toForm(
  graph: TextGraph,
  {
    padding,
    contextLength,
    device,
  }: Pick<ModelDirectory['manifest'], 'padding' | 'contextLength'> & { readonly device: Device },
): RunForm {
  const readsPadding = padding.rule === 'read';
  return {
    ...graph,
    everyLength: graph.fixedLength ?? (readsPadding ? contextLength : undefined),
    mayPad: padding.rule === 'ignored' || graph.mask !== undefined,
    paddingId: padding.id,
    readsPadding,
    contextLength,
    runCostTokens: runCostTokens[device],
  };
}

type Run = (texts: readonly TokenizedText[], signal?: AbortSignal) => Async<EncodedText[]>;

function createRun(
  session: OnnxSession,
  form: RunForm,
  { dimensions, pooling }: ModelDirectory['manifest'],
): Run {
  return async (texts, signal) => {
    const output = await session.run(toFeeds(texts, form), form.output, signal);
    if (!output.ok) return output;
    const vectors = toUnitVectors(output.value, dimensions, (place, count) =>
      poolRows(pooling.text, texts[place]?.ids.length ?? count, count),
    );
    const encoded = texts.flatMap(({ truncated }, row) => {
      const vector = vectors[row];
      return vector ? [{ vector, truncated }] : [];
    });
    return encoded.length === texts.length ? ok(encoded) : err(noVector());
  };
}

function poolRows(rule: Pooling['text'], own: number, count: number): Rows {
  const at = { end: own - 1, last: count - 1, first: 0, mean: undefined }[rule];
  return at === undefined ? { from: 0, to: own } : { from: at, to: at + 1 };
}

function noVector(): Failure {
  const detail = 'Cannot encode the text as the model gave no finite vector for it: see the log';
  return failure('encoder_unavailable', detail);
}
