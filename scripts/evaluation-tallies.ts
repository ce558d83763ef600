import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import type { VectorStore } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { EvaluationPart } from './evaluate-recall.ts';
import type { Sampled, Truth } from './evaluation-truth.ts';
import { createProgress } from './progress.ts';
import { filterOf, type RowGroup } from './row-groups.ts';
import {
  askOnce,
  type JudgedQuery,
  type Measured,
  type SearchSettings,
  summarizeTally,
  type Tally,
} from './search-measurement.ts';

export interface RecallRow extends Measured {
  readonly from: 'text' | 'image';
  readonly filter: RowGroup['kind'];
  readonly share: number;
  readonly k: number;
}

/** What is asked and what came of it, over all indexes together. */
export interface Tallies {
  measure(store: VectorStore, part: EvaluationPart, withImages: boolean): Async<void>;
  rows(): RecallRow[];
}

export interface TallyOptions {
  readonly texts: readonly Vector[];
  readonly ks: readonly number[];
  readonly signal: AbortSignal;
}

/** One count for each kind of query, filter and k. */
export function createTallies(options: TallyOptions, sampled: Sampled, truth: Truth): Tallies {
  const { texts, signal } = options;
  const lines = linesOf(options, sampled);
  const images = imageQueriesOf(sampled, truth);
  const judged = (place: number, group: number): JudgedQuery[] => {
    const vector = texts[place];
    return vector ? [{ vector, from: 'text', nearest: truth.text(place, group) }] : [];
  };
  return {
    async measure(store, part, withImages) {
      const progress = createProgress('Asking', lines.length);
      for (const { from, group, k, tally } of lines) {
        const asked = part.ask.flatMap((place) => judged(place, group.place));
        const queries = from === 'text' ? asked : withImages ? images : [];
        const settings = { k, filter: filterOf(group), signal };
        const done = await askAll(store, queries, settings, tally);
        if (!done.ok) return done;
        progress.advance(1);
      }
      progress.stop();
      return ok(undefined);
    },
    rows: () =>
      lines.map(({ from, group: { kind, share }, k, tally }) => {
        return { from, filter: kind, share, k, ...summarizeTally(tally) };
      }),
  };
}

function linesOf({ ks }: TallyOptions, { groups, imageQueries }: Sampled) {
  const line = (from: JudgedQuery['from'], group: RowGroup, place: number, k: number) => {
    const tally: Tally = { recalls: [], milliseconds: [] };
    return { from, group: { ...group, place }, k, tally };
  };
  const [all] = groups;
  return [
    ...groups.flatMap((group, place) => ks.map((k) => line('text', group, place, k))),
    ...(all && imageQueries.length > 0 ? ks.map((k) => line('image', all, 0, k)) : []),
  ];
}

function imageQueriesOf({ imageQueries }: Sampled, truth: Truth): JudgedQuery[] {
  return imageQueries.map(({ row, vector }, place) => ({
    vector,
    from: 'image',
    nearest: truth.image(place),
    except: row,
  }));
}

/** The first queries read what is not in memory yet: they are asked once more, and counted then. */
const warmUp = 20;

async function askAll(
  store: VectorStore,
  queries: readonly JudgedQuery[],
  settings: SearchSettings,
  tally: Tally,
): Async<void> {
  const unseen: Tally = { recalls: [], milliseconds: [] };
  for (const query of queries.slice(0, warmUp)) {
    const warm = await askOnce(store, query, settings, unseen);
    if (!warm.ok) return warm;
  }
  for (const query of queries) {
    const asked = await askOnce(store, query, settings, tally);
    if (!asked.ok) return asked;
  }
  return ok(undefined);
}
