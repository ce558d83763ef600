import { type Async, type Failure, failure } from '../core/failure.ts';
import type { EncodedText } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import type { ModelDirectory } from './model-directory.ts';
import type { OnnxSession } from './onnx-session.ts';
import { readTextGraph } from './text-graph.ts';
import { planRuns, type RunForm, toFeeds } from './text-runs.ts';
import { createTokenizer, type TokenizedText } from './tokenizer.ts';
import { toUnitVectors } from './unit-vectors.ts';

export interface TextTower {
  encode(texts: readonly string[], signal?: AbortSignal): Async<EncodedText[]>;
}

/** Each text is encoded at its own length. Fails with `invalid_model`. */
export async function createTextTower(
  { manifest, pathOf }: ModelDirectory,
  session: OnnxSession,
): Async<TextTower> {
  const { contextLength, dimensions, padding } = manifest;
  const graph = readTextGraph(session, dimensions);
  if (!graph.ok) {
    const detail = `Cannot load the model as ${graph.error}; export it again: ${pathOf('text')}`;
    return err(failure('invalid_model', detail));
  }
  const { fixedLength } = graph.value;
  const tokenizer = await createTokenizer({
    path: pathOf('tokenizer'),
    contextLength: Math.min(contextLength, fixedLength ?? contextLength),
    paddingId: padding.id,
  });
  if (!tokenizer.ok) return tokenizer;
  const everyLength = fixedLength ?? (padding.toContextLength ? contextLength : undefined);
  const form = { ...graph.value, everyLength, paddingId: padding.id };
  const run = createRun(session, form, dimensions);

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

type Run = (texts: readonly TokenizedText[], signal?: AbortSignal) => Async<EncodedText[]>;

function createRun(session: OnnxSession, form: RunForm, dimensions: number): Run {
  return async (texts, signal) => {
    const output = await session.run(toFeeds(texts, form), form.output, signal);
    if (!output.ok) return output;
    const vectors = toUnitVectors(output.value, dimensions);
    const encoded = texts.flatMap(({ truncated }, row) => {
      const vector = vectors[row];
      return vector ? [{ vector, truncated }] : [];
    });
    return encoded.length === texts.length ? ok(encoded) : err(noVector());
  };
}

function noVector(): Failure {
  const detail = 'Cannot encode the text as the model gave no finite vector for it: see the log';
  return failure('encoder_unavailable', detail);
}
