import { hash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Place } from './cursor.ts';
import { type Async, type Failure, failure } from './failure.ts';
import { piecesBetween, toPieces } from './list-pieces.ts';
import { Hit, SearchResponse } from './model.ts';
import type { Cache } from './ports.ts';
import { err, ok } from './result.ts';

export interface KeptListsOptions {
  readonly cache: Cache;
  /** What tells the index from all others in the cache. */
  readonly index: string;
  /** From when the list was frozen; looking at it makes it no longer. */
  readonly ttlSeconds: number;
}

/** In UTF-16 units, as all of it is in memory when it is kept. */
const maxListLength = 8_000_000;

const Lasting = SearchResponse.pick({ explanation: true, model: true, query_truncated: true });
type Lasting = z.infer<typeof Lasting>;

const Head = z.object({
  /** What was asked for: whoever asks for something else does not mean this list. */
  request: z.string(),
  /** Of each piece, the place of its first result. */
  starts: z.array(z.int()),
  total: z.int(),
  lasting: Lasting,
});
type Head = z.infer<typeof Head>;

/** A part of a list. */
export interface ListPart {
  readonly results: Hit[];
  /** Results of the whole list. */
  readonly total: number;
  /** What is the same for every part of it. */
  readonly lasting: Lasting;
}

export interface KeptLists {
  /** Keeps a list; gives the name to read it by. Fails with `cursor_unavailable`. */
  keep(request: string, response: SearchResponse): Async<string>;
  /**
   * At most `count` results from a place on. Fails with `cursor_expired`, `cursor_unavailable`, and
   * `invalid_field` where the list is that of another request.
   */
  read(place: Place, request: string, count: number): Async<ListPart>;
}

/**
 * Lists of results in a cache, frozen: in pieces, so that a page reads a key or two besides the head,
 * which is written last. A list is there as it was, or it is not there.
 */
export function createKeptLists({ cache, index, ttlSeconds }: KeptListsOptions): KeptLists {
  const prefix = `list:${hash('sha256', index, 'base64url').slice(0, 22)}:`;
  const headKey = (list: string): string => prefix + list;
  const pieceKey = (list: string, piece: number): string => `${prefix}${list}:${piece}`;

  return {
    async keep(request, response) {
      const list = randomBytes(16).toString('base64url');
      const pieces = toPieces(response.results);
      const length = pieces.reduce((sum, { text }) => sum + text.length, 0);
      if (length > maxListLength) return err(tooLong(response.results.length));
      const starts = pieces.map(({ start }) => start);
      const head = { request, starts, total: response.results.length };
      const entries = pieces.map(({ text }, piece): Entry => [pieceKey(list, piece), text]);
      entries.push([headKey(list), JSON.stringify({ ...head, lasting: Lasting.parse(response) })]);
      const isKept = await writeAll(cache, entries, ttlSeconds);
      return isKept ? ok(list) : err(unavailable('the cache did not take the list of results'));
    },
    async read({ list, at }, request, count) {
      const [head] = (await readAll(cache, [headKey(list)], Head)) ?? [];
      if (!head?.ok) return err(head ? expired() : unanswered());
      const { starts, total, lasting } = head.value;
      const wrong = checkPlace(head.value, request, at);
      if (wrong) return err(wrong);
      const end = Math.min(at + count, total);
      const asked = piecesBetween(head.value, at, end);
      const keys = asked.map((piece) => pieceKey(list, piece));
      const pieces = await readAll(cache, keys, z.array(Hit));
      if (!pieces) return err(unanswered());
      const skipped = at - (starts[asked[0] ?? 0] ?? 0);
      const found = pieces.flatMap((piece) => (piece.ok ? piece.value : []));
      const results = found.slice(skipped, skipped + end - at);
      const isWhole = pieces.every((piece) => piece.ok) && results.length === end - at;
      return isWhole ? ok({ results, total, lasting }) : err(expired());
    },
  };
}

type Entry = [key: string, value: string];

/** One after the other: others ask the same cache, and should not wait for all of it. */
async function writeAll(cache: Cache, entries: readonly Entry[], ttlSeconds: number) {
  for (const [key, value] of entries) {
    if (!(await cache.set(key, value, { ttlSeconds }))) return false;
  }
  return true;
}

/** An error in place of what is not there or none of ours; `undefined` where nobody can be asked. */
async function readAll<T>(cache: Cache, keys: readonly string[], schema: z.ZodType<T>) {
  const values = await cache.get(keys);
  return values?.map((value) => {
    try {
      const parsed = schema.safeParse(JSON.parse(value ?? ''));
      return parsed.success ? ok(parsed.data) : err('other' as const);
    } catch {
      return err('none' as const);
    }
  });
}

function checkPlace(head: Head, request: string, at: number): Failure | undefined {
  if (head.request !== request) return wrongCursor('is of another request');
  return at < head.total ? undefined : wrongCursor('leads past the end');
}

function wrongCursor(message: string): Failure {
  const detail = `Cannot answer as a field is not valid: cursor ${message}`;
  return failure('invalid_field', detail, { errors: [{ path: 'cursor', message }] });
}

function expired(): Failure {
  const detail =
    'Cannot go on as the list of results is no longer kept: begin again with the cursor "*"';
  return failure('cursor_expired', detail);
}

export function unanswered(): Failure {
  return unavailable('the cache that keeps lists of results does not answer');
}

function tooLong(results: number): Failure {
  return unavailable(
    `what is known of all ${results} results is too much to keep: ask for fewer by filters or score_threshold`,
  );
}

function unavailable(why: string): Failure {
  return failure('cursor_unavailable', `Cannot answer page by page as ${why}`);
}
