/** What went wrong, in sentences for the person who searched. */
export interface Problem {
  readonly title: string;
  readonly text: string;
  /** Whether asking the same again can help. */
  readonly retry: boolean;
  /** When to ask again without being told to. */
  readonly retryAfterSeconds?: number;
}

/** The parts of RFC 9457 problem+json that the page reads. */
interface ProblemBody {
  readonly title?: unknown;
  readonly detail?: unknown;
  readonly errors?: unknown;
}

export const gone: Problem = {
  title: 'The search server does not answer',
  text: 'Check that it is running and that you are connected, then try again.',
  retry: true,
};

export function unexpected(status: number): Problem {
  return {
    title: 'The server gave an answer that makes no sense',
    text: `Its status was ${status}. Try again; if it stays like this, look into the server’s log.`,
    retry: true,
  };
}

export function readProblem(response: Response, body: unknown): Problem {
  const { title, detail, errors }: ProblemBody = typeof body === 'object' && body ? body : {};
  const said = typeof detail === 'string' ? sentence(detail) : '';
  switch (response.status) {
    case 400:
    case 422:
      return {
        title: 'This cannot be searched for',
        text: `${sentence(fieldErrors(errors)) || said} Change the query a little.`.trim(),
        retry: false,
      };
    case 401:
      return { title: 'This server wants an API key', text: said, retry: false };
    case 404:
      return { title: 'This picture is not in the index', text: goneFromIndex, retry: false };
    case 429:
      return tooMany(response.headers.get('retry-after'));
    case 503:
    case 504:
      return {
        title: typeof title === 'string' ? title : 'The search is not ready',
        text: `${said} Try again in a moment.`.trim(),
        retry: true,
      };
    default:
      return unexpected(response.status);
  }
}

const goneFromIndex = 'It was removed, or the link is wrong. Close this and search for it.';

function tooMany(retryAfter: string | null): Problem {
  const asked = Number.parseInt(retryAfter ?? '', 10);
  const seconds = Number.isNaN(asked) ? 5 : Math.max(1, asked);
  const wait = seconds === 1 ? '1 second' : `${seconds} seconds`;
  return {
    title: 'Too many searches at once',
    text: `This one is tried again in ${wait}.`,
    retry: true,
    retryAfterSeconds: seconds,
  };
}

function fieldErrors(errors: unknown): string {
  if (!Array.isArray(errors)) return '';
  return errors
    .map(({ path, message }: { path?: unknown; message?: unknown }) =>
      [path === 'q' ? 'query' : path, message].filter((part) => typeof part === 'string').join(' '),
    )
    .join(', ');
}

function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
