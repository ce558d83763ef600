import type { Feed } from './onnx-session.ts';
import type { TextGraph } from './text-graph.ts';
import type { TokenizedText } from './tokenizer.ts';

const textsPerRun = 32;

/** How texts become the inputs of a graph. */
export interface RunForm extends TextGraph {
  /** The length that every text is padded to; `undefined`: only as far as the run's longest. */
  readonly everyLength: number | undefined;
  readonly paddingId: number;
}

/**
 * Which texts share a run. With a mask, neighbours in length do, so that little is padded; without
 * one, texts of equal length only, as padding would be read as text.
 */
export function planRuns(
  texts: readonly TokenizedText[],
  form: Pick<RunForm, 'mask' | 'fixedBatch' | 'everyLength'>,
): number[][] {
  const { mask, fixedBatch: most = textsPerRun, everyLength } = form;
  const lengthAt = (place: number): number => everyLength ?? texts[place]?.ids.length ?? 0;
  const runs: number[][] = [];
  const shortestFirst = [...texts.keys()].sort((a, b) => lengthAt(a) - lengthAt(b));
  for (const place of shortestFirst) {
    const last = runs.at(-1);
    const first = last?.[0];
    const fits = first !== undefined && (mask !== undefined || lengthAt(first) === lengthAt(place));
    if (last && last.length < most && fits) last.push(place);
    else runs.push([place]);
  }
  return runs;
}

/** The tensors of one run; a graph of fixed size gets rows of padding behind the texts. */
export function toFeeds(texts: readonly TokenizedText[], form: RunForm): Feed[] {
  const length = form.everyLength ?? Math.max(...texts.map(({ ids }) => ids.length));
  const rows = form.fixedBatch ?? texts.length;
  const cells = rows * length;
  const ids = Array.from({ length: cells }, () => form.paddingId);
  const mask = Array.from({ length: cells }, () => 0);
  texts.forEach((text, row) => {
    text.ids.forEach((id, column) => {
      ids[row * length + column] = id;
      mask[row * length + column] = 1;
    });
  });
  const feed = (name: string, values: readonly number[]): Feed => ({
    name,
    type: form.integer,
    data: form.integer === 'int32' ? Int32Array.from(values) : BigInt64Array.from(values, BigInt),
    shape: [rows, length],
  });
  return [feed(form.ids, ids), ...(form.mask === undefined ? [] : [feed(form.mask, mask)])];
}
