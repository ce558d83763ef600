const events = 'text/event-stream';
const json = 'application/json';

/**
 * Whether a caller takes its answer as a stream of events: where `Accept` names them, and does not
 * like JSON better. Whoever takes anything gets JSON.
 */
export function acceptsEvents(accept: string | undefined): boolean {
  if (accept === undefined || !accept.toLowerCase().includes(events)) return false;
  const liking = new Map<string, number>();
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    liking.set(type, qualityOf(parameters));
  }
  const liked = liking.get(events) ?? 0;
  return liked > 0 && liked >= (liking.get(json) ?? 0);
}

/** 0 to 1; what is no such number counts as none, which is 1. */
function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '';
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(given) ? Number(given) : 1;
}
