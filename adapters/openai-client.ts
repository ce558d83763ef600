import type { OpenAI } from 'openai';
import type { Async } from '../core/failure.ts';
import type { LlmUsage } from '../core/llm.ts';
import { err } from '../core/result.ts';
import { readCompletion, readStream } from './openai-answer.ts';
import { type ChatBody, createDialect } from './openai-dialect.ts';
import { openAiFailure } from './openai-failure.ts';
import { boundedFetch } from './openai-fetch.ts';

export interface OpenAiEndpoint {
  /** Left out: OpenAI. */
  readonly baseUrl?: string | undefined;
  /** Left out: nothing is sent that says who asks. */
  readonly apiKey?: string | undefined;
}

export interface ChatQuestion {
  readonly model: string;
  readonly messages: OpenAI.ChatCompletionMessageParam[];
  readonly maxTokens: number;
  readonly temperature: number;
  /** What the answer is to look like; an endpoint that knows no such thing is asked without. */
  readonly responseFormat?: OpenAI.ResponseFormatJSONSchema;
}

export interface ChatAnswer {
  readonly text: string;
  /** As the endpoint counts; where it does not, about a token for four characters of text. */
  readonly usage: LlmUsage;
}

export interface ChatOptions {
  readonly signal: AbortSignal;
  /** Longer answers are cut off there, and the call is ended. */
  readonly maxCharacters: number;
}

/**
 * An endpoint of OpenAI's chat completions. The signal is the only deadline; one retry is made where
 * the endpoint could not be reached or was busy. Fails with `llm_unavailable`, `llm_unusable`,
 * `timeout` or `cancelled`.
 */
export interface OpenAiClient {
  /** The whole answer. */
  complete(question: ChatQuestion, options: ChatOptions): Async<ChatAnswer>;
  /** The answer as it comes: the pieces are its text. */
  stream(
    question: ChatQuestion,
    options: ChatOptions & { readonly onPiece: (piece: string) => void },
  ): Async<ChatAnswer>;
}

const retries = 1;
/** As long as a timer can: there is always a signal that ends sooner. */
const neverMs = 2 ** 31 - 1;

export function createOpenAiClient({ baseUrl, apiKey }: OpenAiEndpoint): OpenAiClient {
  let opened: Promise<OpenAI> | undefined;
  const open = () => (opened ??= load({ baseUrl, apiKey }));
  const dialect = createDialect();

  async function ask<T>(
    question: ChatQuestion,
    { signal, isStreamed }: { readonly signal: AbortSignal; readonly isStreamed: boolean },
    call: (client: OpenAI, body: ChatBody) => Async<T>,
  ): Async<T> {
    const lessons = dialect.listen({ isStreamed });
    for (;;) {
      try {
        return await call(await open(), dialect.write(bodyOf(question)));
      } catch (error) {
        if (!signal.aborted && lessons.learn(error)) continue;
        lessons.forget();
        return err(openAiFailure(error, signal, apiKey));
      }
    }
  }

  return {
    complete: (question, { signal, maxCharacters }) =>
      ask(question, { signal, isStreamed: false }, async (client, body) => {
        const answer = await client.chat.completions.create({ ...body, stream: false }, { signal });
        return readCompletion(answer, { question, maxCharacters });
      }),
    stream: (question, { signal, ...options }) =>
      ask(question, { signal, isStreamed: true }, async (client, body) => {
        const withUsage = dialect.write({ ...body, stream_options: { include_usage: true } });
        const pieces = await client.chat.completions.create(
          { ...withUsage, stream: true },
          { signal },
        );
        const read = await readStream(pieces, { question, ...options });
        // The client takes a stream that was broken off for one that has ended.
        return signal.aborted ? err(openAiFailure(signal.reason, signal)) : read;
      }),
  };
}

function bodyOf({
  model,
  messages,
  maxTokens,
  temperature,
  responseFormat,
}: ChatQuestion): ChatBody {
  return {
    model,
    messages,
    temperature,
    max_tokens: maxTokens,
    ...(responseFormat && { response_format: responseFormat }),
  };
}

/** The package is large, and read when somebody first asks: a search needs none of it. */
async function load({ baseUrl, apiKey }: OpenAiEndpoint): Promise<OpenAI> {
  const { OpenAI: Client } = await import('openai');
  return new Client({
    baseURL: baseUrl ?? 'https://api.openai.com/v1',
    apiKey: apiKey ?? 'none',
    // What is not said here it would take from the environment.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: retries,
    timeout: neverMs,
    fetch: boundedFetch,
    logLevel: 'off',
    defaultHeaders: {
      ...noTelemetry,
      'User-Agent': 'picture-search',
      ...(apiKey === undefined && { Authorization: null }),
    },
  });
}

/** Which system and which Node it runs on is nobody's business. */
const noTelemetry = Object.fromEntries(
  [
    'Lang',
    'Package-Version',
    'OS',
    'Arch',
    'Runtime',
    'Runtime-Version',
    'Retry-Count',
    'Timeout',
  ].map((name) => [`X-Stainless-${name}`, null]),
);
