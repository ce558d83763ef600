import type { SearchResponse } from '../core/model.ts';
import { parseObject, readAnswer, readProblem, unexpected } from './client-answer.ts';
import type { Answer, Failed, Kind, Problem } from './client-answer.ts';
import type { CallOptions, Exchange, Lost } from './client-ask.ts';
import type { SearchInput } from './client.ts';
import { readHeaders } from './client-headers.ts';
import { createEventParser } from './event-stream.ts';
import type { StreamEvent } from './event-stream.ts';

export interface StreamOptions extends CallOptions {
  /**
   * The answer but for its explanation. Called first; and once more where a vision model was asked to
   * put the results in order and has: the last call counts.
   */
  readonly onResults?: ((response: SearchResponse) => void) | undefined;
  /** The next piece of the explanation. */
  readonly onExplanation?: ((piece: string) => void) | undefined;
}

/** The whole answer; or a failure, with what had come by then. */
export type StreamAnswer = Answer<SearchResponse> & {
  /** Results that came before it failed. */
  readonly partial?: SearchResponse | undefined;
};

/** What `done` says, besides the results that came before it. */
type Rest = Pick<SearchResponse, 'explanation' | 'llm' | 'latency_ms'> & {
  readonly timing?: Readonly<Record<string, number>>;
};

export function createSearchStream(
  exchange: Exchange,
  kind: Kind<SearchResponse>,
): (query: SearchInput, options?: StreamOptions) => Promise<StreamAnswer> {
  return (query, { onResults, onExplanation, ...call } = {}) =>
    exchange<StreamAnswer>(
      { ...call, path: 'search', body: query, accept: 'text/event-stream, application/json;q=0.9' },
      async (response, lost) => {
        const type = response.headers.get('content-type') ?? '';
        if (response.ok && response.body && /^text\/event-stream\b/i.test(type)) {
          const events = eventsOf(response);
          const ended = readStream(response, events, { onResults, onExplanation, lost });
          // Whoever goes on sending sends to nobody.
          return ended.finally(() => events.return());
        }
        const text = await textOf(response, lost);
        const whole = typeof text === 'string' ? readAnswer(response, text, kind) : text;
        if (whole.ok) {
          onResults?.({ ...whole.value, explanation: null });
          if (whole.value.explanation) onExplanation?.(whole.value.explanation);
        }
        return whole;
      },
    );
}

async function textOf(response: Response, lost: Lost): Promise<string | Failed> {
  try {
    return await response.text();
  } catch (cause) {
    return lost(cause);
  }
}

interface Listening extends Pick<StreamOptions, 'onResults' | 'onExplanation'> {
  readonly lost: Lost;
}

async function readStream(
  response: Response,
  events: ReturnType<typeof eventsOf>,
  listening: Listening,
): Promise<StreamAnswer> {
  const about = readHeaders(response);
  let partial: SearchResponse | undefined;
  const fail = (problem: Problem): StreamAnswer => ({ ok: false, ...about, problem, partial });
  for (;;) {
    // Only the reading may fail: what a listener throws is its own.
    const next = await events.next().catch(listening.lost);
    if ('problem' in next) return { ...next, ...about, ok: false, partial };
    if (next.done === true) return fail(endedEarly(response));
    const body = parseObject(next.value.data);
    const { name } = next.value;
    if (body === undefined) return fail(unexpected(response));
    if (name === 'error') {
      const status = typeof body['status'] === 'number' ? body['status'] : response.status;
      return fail(readProblem(body, { status, headers: response.headers }));
    }
    if (name === 'results') {
      if (!Array.isArray(body['results'])) return fail(unexpected(response));
      partial = body as unknown as SearchResponse;
      listening.onResults?.(partial);
    }
    if (name === 'explanation' && typeof body['text'] === 'string') {
      listening.onExplanation?.(body['text']);
    }
    if (name === 'done' && partial) {
      const { timing = about.timing, ...rest } = body as unknown as Rest;
      return { ok: true, ...about, timing, value: { ...partial, ...rest } };
    }
  }
}

async function* eventsOf({ body }: Response): AsyncGenerator<StreamEvent, void> {
  const reader = body?.getReader();
  if (!reader) return;
  const parse = createEventParser();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parse(decoder.decode(value, { stream: true }));
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

function endedEarly({ status, headers }: Response): Problem {
  return {
    type: 'about:blank',
    title: 'The answer broke off',
    status,
    detail: 'Cannot give the whole answer as the stream ended before it was done',
    code: 'unreachable',
    request_id: headers.get('x-request-id') ?? '',
    errors: [],
  };
}
