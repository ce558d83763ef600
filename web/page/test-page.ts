import type { Hit, SearchResponse } from '../../core/model.ts';
import type { Problem } from '../client-answer.ts';
import type { StreamAnswer, StreamOptions } from '../client-stream.ts';
import type { SearchInput } from '../client.ts';
import { createConversation } from './conversation.ts';
import { createPlaces, parsePlace } from './place.ts';
import { createTestBrowser } from './test-browser.ts';
import { createTurn } from './turn-state.ts';

function hit(id: string): Hit {
  const file = { file_path: `${id}.jpg`, file_name: `${id}.jpg`, s3_key: null, category: null };
  const metadata = { ...file, width: 4, height: 3, url: `/pictures/${id}`, thumbnail_url: null };
  return { id, score: 0.3, confidence: null, duplicates: [], metadata };
}

export function answerOf(ids: readonly string[], next: string | null = null): SearchResponse {
  return {
    query: 'q',
    results: ids.map(hit),
    total: ids.length,
    latency_ms: 1,
    cached: false,
    explanation: null,
    model: 'demo',
    query_truncated: false,
    next_cursor: next,
  };
}

type StreamEnd =
  | { readonly ok: true; readonly value: SearchResponse }
  | { readonly ok: false; readonly problem: Problem; readonly partial?: SearchResponse };

interface TestStream extends StreamOptions {
  end(given: StreamEnd): void;
}

const about = { status: 200, timing: {}, cache: undefined, retryAfterSeconds: undefined };

type Given = SearchResponse | { readonly code: string; readonly status: number };

/** A server that answers as it is told, when it is told. */
function createTestClient(answer: (query: SearchInput) => Given) {
  const asked: SearchInput[] = [];
  const held: (() => void)[] = [];
  const streams: TestStream[] = [];
  let isHeld = false;
  return {
    asked,
    /** Answers that wait to be given by hand. */
    streams,
    hold: () => (isHeld = true),
    /** The newest question is answered first. */
    async release() {
      for (const resolve of held.splice(0).toReversed()) {
        resolve();
        await settled();
      }
    },
    async search(query: SearchInput) {
      asked.push(query);
      const given = answer(query);
      if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
      if ('results' in given) return { ...about, ok: true as const, value: given };
      const problem = { type: '', title: '', detail: '', request_id: '', errors: [], ...given };
      return { ...about, ok: false as const, problem };
    },
    searchStream(query: SearchInput, options: StreamOptions = {}) {
      asked.push(query);
      return new Promise<StreamAnswer>((resolve) => {
        streams.push({ ...options, end: (given) => resolve({ ...about, ...given }) });
      });
    },
  };
}

/** A conversation with such a server, in a browser of its own. */
export function createTestPage(
  path = '/',
  answer: (query: SearchInput) => Given = () => answerOf(['1', '2', '3']),
) {
  const client = createTestClient(answer);
  const wishes = { explanation: false, rerank: false };
  const explain = () => ({ title: 'No', text: 'Not now.' });
  const parts = { client, explain, wishes: () => wishes, onHits: () => {} };
  const browser = createTestBrowser(path, () => conversation.show());
  const conversation = createConversation({
    places: createPlaces(browser),
    facets: () => [{ key: 'category', values: [{ value: 'food', count: 2 }] }],
    createTurn: (search, beginning) => createTurn(search, parts, beginning),
  });
  conversation.show();
  return {
    ...client,
    conversation,
    browser,
    wishes,
    texts: () => conversation.turns.value.map(({ text }) => text.value),
    ids: (at = -1) =>
      conversation.turns.value.at(at)?.view.value.found?.hits.map(({ id }) => id) ?? [],
    place: () => parsePlace(browser.location.href).turns,
    say(text: string) {
      conversation.input.value = text;
      conversation.submit();
    },
  };
}

/** After all that is answered at once. */
export const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
