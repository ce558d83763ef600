import type { OpenAI } from 'openai';
import { messageOf, statusOf } from './openai-failure.ts';

/** What every endpoint is asked with, whether or not it is streamed. */
export type ChatBody = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'stream'>;

/** Fields that some endpoints, or some of their models, refuse. */
const optional = ['stream_options', 'max_tokens', 'temperature', 'response_format'] as const;
type Optional = (typeof optional)[number];

/** What an endpoint takes of the protocol, as far as it has said so. */
export interface Dialect {
  /** The body without what is refused. */
  write(body: ChatBody): ChatBody;
  /** What is learned while one question is asked, again and again. */
  listen(asked: { readonly isStreamed: boolean }): Lessons;
}

export interface Lessons {
  /** Whether an error says of a field that it is refused: then it is worth asking again. */
  learn(error: unknown): boolean;
  /** It was of no use: what no error said by name was about something else. */
  forget(): void;
}

export function createDialect(): Dialect {
  const refused = new Set<Optional>();
  return {
    write(body) {
      const { max_tokens: maxTokens, ...rest } = body;
      const renamed = refused.has('max_tokens') && maxTokens !== undefined;
      const written = renamed ? { ...rest, max_completion_tokens: maxTokens } : body;
      const kept = Object.entries(written).filter(([name]) => !refused.has(name as Optional));
      return Object.fromEntries(kept) as unknown as ChatBody;
    },
    listen({ isStreamed }) {
      // Those whose errors are of another form say nothing that the client could read.
      const doubtful = isStreamed ? (['stream_options'] as const) : [];
      let guessed: readonly Optional[] = [];
      return {
        learn(error) {
          const status = statusOf(error);
          if (status !== 400 && status !== 422) return false;
          const message = messageOf(error);
          const named = optional.filter((name) => message.includes(name));
          const news = (named.length > 0 ? named : doubtful).filter((name) => !refused.has(name));
          if (named.length === 0) guessed = [...guessed, ...news];
          for (const name of news) refused.add(name);
          return news.length > 0;
        },
        forget() {
          for (const name of guessed) refused.delete(name);
        },
      };
    },
  };
}
