import type { Image, SearchResponse } from '../core/model.ts';
import { gone, readProblem, unexpected } from './problem.ts';
import type { Problem } from './problem.ts';

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

/** The part of `GET /stats` that the page shows. */
interface Stats {
  readonly collection: { readonly vectors_count: number };
}

const timeoutMs = 20_000;

export function fetchSearch(query: string, topK: number, signal: AbortSignal) {
  const parameters = new URLSearchParams({ q: query, top_k: String(topK) });
  return ask<SearchResponse>(`/search?${parameters}`, 'results', signal);
}

export function fetchSimilar(id: string, topK: number, signal: AbortSignal) {
  const path = `/images/${encodeURIComponent(id)}/similar?top_k=${topK}`;
  return ask<SearchResponse>(path, 'results', signal);
}

export function fetchImage(id: string, signal: AbortSignal) {
  return ask<Image>(`/images/${encodeURIComponent(id)}`, 'metadata', signal);
}

export function fetchStats(signal: AbortSignal) {
  return ask<Stats>('/stats', 'collection', signal);
}

/** `key` must be in the answer: a proxy's own page with status 200 is no answer. */
async function ask<T>(path: string, key: string, signal: AbortSignal): Promise<Answer<T>> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let response: Response;
  try {
    response = await fetch(path, { headers: { accept: 'application/json' }, signal: deadline });
  } catch {
    return { ok: false, problem: gone };
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) return { ok: false, problem: readProblem(response, body) };
  if (typeof body !== 'object' || body === null || !(key in body)) {
    return { ok: false, problem: unexpected(response.status) };
  }
  return { ok: true, value: body as T };
}
