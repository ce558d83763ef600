import { hash } from 'node:crypto';
import * as z from 'zod';
import { abortFailure, type Async, type Failure, failure, failures } from './failure.ts';
import { createFlights } from './flights.ts';
import { mapBounded } from './in-parallel.ts';
import type { LlmGuard, Prepare } from './llm-guard.ts';
import { unanswered, unasked } from './llm-outcome.ts';
import type { LlmUsage, Reranker, ShownPicture, Thumbnails } from './llm.ts';
import type { Hit, LlmOutcome } from './model.ts';
import { parseKept } from './parse-kept.ts';
import type { Cache } from './ports.ts';
import { type Look, mostBest, usableBest } from './reranked-order.ts';
import { err, ok } from './result.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface RerankingOptions {
  readonly reranker: Reranker;
  readonly thumbnails: Thumbnails;
  /** Its deadline is that of the whole question, the thumbnails included. */
  readonly guard: LlmGuard;
  /** Keeps what the model said; left out: it is asked again. */
  readonly cache?: Cache | undefined;
  readonly ttlSeconds?: number;
}

export interface RerankQuestion {
  readonly words: string;
  readonly candidates: readonly Hit[];
}

/** `best` is empty wherever nothing usable was said. */
export interface RerankAnswer extends Look {
  readonly outcome: LlmOutcome;
}

const picturesAtOnce = 10;

/** Larger ones are left out: at most 512 pixels take about 25 KB. */
export const maxThumbnailBytes = 512 * 1024;

const Kept = z.object({ shown: z.array(z.string()), best: z.array(z.string()).min(1) });

/**
 * Asks a vision model. The same question costs nothing while the answer is kept, and once while it is
 * under way. Never fails, and ends with the signal of whoever asks.
 */
export function createRerankQuestions(options: RerankingOptions) {
  const { reranker, guard, cache, ttlSeconds = 3600 } = options;
  const flights = createFlights<RerankAnswer>();

  async function askOnce(question: RerankQuestion, key: string, signal: AbortSignal) {
    const { value, outcome } = await guard.askPrepared(
      (limit) => prepare(options, question, limit),
      signal,
    );
    const { shown, best } = value ?? nothing;
    if (best.length > 0 && value?.isPassing !== true) {
      // Nobody waits for it: what can't be kept will be asked again.
      void cache?.set(key, JSON.stringify({ shown, best }), { ttlSeconds });
    }
    return ok({ shown, best, outcome });
  }

  return async (question: RerankQuestion, signal: AbortSignal): Promise<RerankAnswer> => {
    const key = keyOf(reranker.model, question);
    const kept = parseKept(Kept, (await cache?.get([key]))?.[0]);
    if (kept) return { ...kept, outcome: guard.recall() };
    const isShared = flights.has(key);
    const answer = await flights.join(key, (own) => askOnce(question, key, own), signal);
    if (!answer.ok) return { ...nothing, outcome: unanswered(answer.error) };
    return isShared
      ? { ...answer.value, outcome: paidByAnother(guard, answer.value) }
      : answer.value;
  };
}

/** Whoever waited for the question of somebody else has the answer for nothing. */
function paidByAnother(guard: LlmGuard, { outcome: { outcome } }: RerankAnswer): LlmOutcome {
  return outcome === 'ok' ? guard.recall() : { ...unasked('nothing_found'), outcome };
}

const nothing: Look = { shown: [], best: [] };

/** What of the pictures changes with them is part of it: their metadata have size, ETag and address. */
function keyOf(model: string, { words, candidates }: RerankQuestion): string {
  const pictures = candidates.map(({ id, metadata }) => [id, metadata]);
  const question = JSON.stringify([model, words, mostBest, pictures]);
  return `rerank:${hash('sha256', question, 'base64url')}`;
}

/** As the guard takes it: `unusable` was paid for, and for `nothing_found` nobody was asked. */
interface Looked extends Look {
  readonly usage: LlmUsage;
  readonly outcome?: 'unusable' | 'nothing_found';
  /** Pictures are missing that can be had later: the same question may have a better answer then. */
  readonly isPassing?: boolean;
}

/** Nobody is asked, and nothing taken of the quota, before there are pictures to be shown. */
async function prepare(
  { reranker, thumbnails }: RerankingOptions,
  { words, candidates }: RerankQuestion,
  signal: AbortSignal,
): ReturnType<Prepare<Looked>> {
  const had = await mapBounded(candidates, picturesAtOnce, (hit) => load(thumbnails, hit, signal));
  if (signal.aborted) return err(abortFailure(signal));
  const pictures = had.flatMap((picture) => (picture.ok ? [picture.value] : []));
  const missing = had.flatMap((picture) => (picture.ok ? [] : [picture.error]));
  if (pictures.length < 2) return withoutPictures(pictures.length, missing);
  const passing = missing.some(isPassing);
  return ok({ work: (limit) => look(reranker, { words, pictures, passing }, limit) });
}

interface Gathered {
  readonly words: string;
  readonly pictures: readonly ShownPicture[];
  /** Some are missing that can be had later. */
  readonly passing: boolean;
}

async function look(
  reranker: Reranker,
  { words, pictures, passing }: Gathered,
  signal: AbortSignal,
): Async<Looked> {
  const best = Math.min(mostBest, pictures.length);
  const ranking = await reranker.rank({ query: words, pictures, best }, { signal });
  if (!ranking.ok) return ranking;
  const { ids, usage } = ranking.value;
  const shown = pictures.map(({ id }) => id);
  const usable = usableBest(ids, shown);
  if (usable.length === 0) return ok({ ...nothing, usage, outcome: 'unusable' });
  return ok({ shown, best: usable, usage, isPassing: passing });
}

async function load(thumbnails: Thumbnails, hit: Hit, signal: AbortSignal): Async<ShownPicture> {
  const thumbnail = await unlessAborted(thumbnails.of(hit, signal), signal);
  if (!thumbnail.ok) return thumbnail;
  const { bytes, type } = thumbnail.value;
  if (bytes.length <= maxThumbnailBytes) return ok({ id: hit.id, bytes, type });
  const detail = `Cannot show the thumbnail as its ${bytes.length} bytes are over ${maxThumbnailBytes}: ${hit.id}`;
  return err(failure('image_too_large', detail));
}

/** Pictures that have no thumbnails are no fault; a place that does not answer is one. */
async function withoutPictures(
  pictures: number,
  missing: readonly Failure[],
): Async<{ readonly answer: Looked }> {
  const cause = missing.find(isPassing);
  if (!cause) return ok({ answer: { ...nothing, usage: unused, outcome: 'nothing_found' } });
  const detail = `Cannot put the results in order as only ${pictures} of their thumbnails can be had: ${cause.detail}`;
  return err(failure('objects_unavailable', detail, { cause }));
}

function isPassing({ code }: Failure): boolean {
  return failures[code].retry;
}

const unused: LlmUsage = { inputTokens: 0, outputTokens: 0 };
