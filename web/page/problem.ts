import { keptKey } from './api-key.ts';
import type { Answer } from '../client-answer.ts';

/** What went wrong, in sentences for the person who searched. */
export interface Notice {
  readonly title: string;
  readonly text: string;
  /** Whether asking the same again can help, or another API key. */
  readonly remedy?: 'retry' | 'key';
  /** When to ask again without being told to. */
  readonly retryAfterSeconds?: number;
}

type Failed = Extract<Answer<never>, { readonly ok: false }>;

export function explain({ problem, retryAfterSeconds }: Failed): Notice {
  const { code, status, title, detail, errors } = problem;
  if (code === 'unreachable' || (code === 'timeout' && status === 0)) return gone;
  if (code === 'unauthenticated' || status === 401) return keyWanted(detail);
  switch (status) {
    case 400:
    case 422:
      return {
        title: 'This cannot be searched for',
        text: `${sentence(fieldErrors(errors)) || sentence(detail)} Change the query a little.`.trim(),
      };
    case 403:
      return { title: 'This API key may not search', text: sentence(detail), remedy: 'key' };
    case 404:
      return { title: 'This picture is not in the index', text: goneFromIndex };
    case 429:
      return tooMany(retryAfterSeconds);
    case 503:
    case 504:
      return {
        title: code === 'unexpected' ? 'The search is not ready' : title,
        text: `${code === 'unexpected' ? '' : sentence(detail)} Try again in a moment.`.trim(),
        remedy: 'retry',
      };
    default:
      return unexpected(status);
  }
}

const gone: Notice = {
  title: 'The search server does not answer',
  text: 'Check that it is running and that you are connected, then try again.',
  remedy: 'retry',
};

const goneFromIndex = 'It was removed, or the link is wrong. Close this and search for it.';

function keyWanted(detail: string): Notice {
  if (keptKey() === undefined) {
    const text = 'Whoever runs it can give you one. It is kept until you close this tab.';
    return { title: 'This server wants an API key', text, remedy: 'key' };
  }
  const title = 'This API key was refused';
  return { title, text: `${sentence(detail)} Check it and type it again.`.trim(), remedy: 'key' };
}

function unexpected(status: number): Notice {
  return {
    title: 'The server gave an answer that makes no sense',
    text: `Its status was ${status}. Try again; if it stays like this, look into the server’s log.`,
    remedy: 'retry',
  };
}

function tooMany(retryAfterSeconds = 5): Notice {
  const seconds = Math.max(1, retryAfterSeconds);
  const wait = seconds === 1 ? '1 second' : `${seconds} seconds`;
  return {
    title: 'Too many searches at once',
    text: `This one is tried again in ${wait}.`,
    remedy: 'retry',
    retryAfterSeconds: seconds,
  };
}

function fieldErrors(errors: readonly { readonly path: string; readonly message: string }[]) {
  return errors
    .map(({ path, message }) => `${path === 'q' ? 'query' : path} ${message}`)
    .join(', ');
}

/** With a capital letter and a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
