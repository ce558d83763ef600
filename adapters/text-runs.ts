import type { Feed } from './onnx-session.ts';
import type { IntegerInput, TextGraph } from './text-graph.ts';
import type { TokenizedText } from './tokenizer.ts';

const textsPerRun = 32;

/** How texts become the inputs of a graph. */
export interface RunForm extends TextGraph {
  /** The length that every text is padded to; `undefined`: only as far as the run's longest. */
  readonly everyLength: number | undefined;
  /** Texts of several lengths may share a run: what is behind a text does not change its vector. */
  readonly mayPad: boolean;
  readonly paddingId: number;
  /** The tower was trained to read its padding: a mask must not hide it. */
  readonly readsPadding: boolean;
  readonly contextLength: number;
  /** How many tokens cost as much as a run of its own: reading the weights, starting operators. */
  readonly runCostTokens: number;
}

/**
 * The length that a text is padded to: few lengths, as a runtime keeps memory for every shape that
 * it meets, and close enough for little waste.
 */
export function bucketOf(tokens: number, contextLength: number): number {
  const step = tokens <= 32 ? 4 : 16;
  return Math.min(Math.ceil(tokens / step) * step, contextLength);
}

/**
 * Which texts share a run: neighbours in length, as long as padding them costs less than a run of
 * their own would; where nothing may be padded, texts of equal length only.
 */
export function planRuns(
  texts: readonly TokenizedText[],
  form: Pick<RunForm, 'mayPad' | 'fixedBatch' | 'everyLength' | 'contextLength' | 'runCostTokens'>,
): number[][] {
  const { fixedBatch: most = textsPerRun, mayPad, runCostTokens } = form;
  const lengthAt = (place: number): number => lengthOf(texts[place]?.ids.length ?? 0, form);
  const shortestFirst = [...texts.keys()].sort((a, b) => lengthAt(a) - lengthAt(b));
  const runs: number[][] = [];
  let padded = 0;
  for (const place of shortestFirst) {
    const last = runs.at(-1);
    const longer = last ? lengthAt(place) - lengthAt(last.at(-1) ?? place) : 0;
    padded += longer * (last?.length ?? 0);
    const fits = mayPad ? padded <= runCostTokens : longer === 0;
    if (last && last.length < most && fits) {
      last.push(place);
      continue;
    }
    runs.push([place]);
    padded = 0;
  }
  return runs;
}

/** The tensors of one run; a graph of fixed size gets rows of padding behind the texts. */
export function toFeeds(texts: readonly TokenizedText[], form: RunForm): Feed[] {
  const length = Math.max(...texts.map(({ ids }) => lengthOf(ids.length, form)));
  const rows = form.fixedBatch ?? texts.length;
  const cells = rows * length;
  const ids = Array.from({ length: cells }, () => form.paddingId);
  const mask = Array.from({ length: cells }, () => (form.readsPadding ? 1 : 0));
  texts.forEach((text, row) => {
    text.ids.forEach((id, column) => {
      ids[row * length + column] = id;
      mask[row * length + column] = 1;
    });
  });
  const feed = ({ name, type }: IntegerInput, values: readonly number[]): Feed => ({
    name,
    type,
    data: type === 'int32' ? Int32Array.from(values) : BigInt64Array.from(values, BigInt),
    shape: [rows, length],
  });
  return [feed(form.ids, ids), ...(form.mask === undefined ? [] : [feed(form.mask, mask)])];
}

function lengthOf(
  tokens: number,
  form: Pick<RunForm, 'mayPad' | 'everyLength' | 'contextLength'>,
): number {
  if (form.everyLength !== undefined) return form.everyLength;
  return form.mayPad ? bucketOf(tokens, form.contextLength) : tokens;
}
