/** One event of a `text/event-stream`. */
export interface StreamEvent {
  /** `message` where it has no other name. */
  readonly name: string;
  readonly data: string;
}

/** An event that is longer than any answer: whoever sends it is another server. */
export const maxEventCharacters = 16 * 1024 * 1024;

/**
 * Takes a stream apart, piece by piece as it comes, wherever it is cut: gives the events that a piece
 * completes. What a stream ends with, without an empty line, is no event. Throws where one event has
 * more than `maxCharacters`.
 */
export function createEventParser(
  maxCharacters = maxEventCharacters,
): (piece: string) => StreamEvent[] {
  const add = createEventBuilder();
  let parts: string[] = [];
  let held = 0;
  let isAfterReturn = false;

  return (piece) => {
    const events: StreamEvent[] = [];
    // The other half of an end of line that was cut in two.
    const rest = isAfterReturn && piece.startsWith('\n') ? piece.slice(1) : piece;
    if (piece !== '') isAfterReturn = piece.endsWith('\r');
    const lines = rest.split(/\r\n|\r|\n/);
    const open = lines.pop() ?? '';
    for (const line of lines) {
      held += line.length;
      if (held > maxCharacters) throw tooLong(maxCharacters);
      const event = add(parts.join('') + line);
      parts = [];
      if (line === '' || event) held = 0;
      if (event) events.push(event);
    }
    parts.push(open);
    held += open.length;
    if (held > maxCharacters) throw tooLong(maxCharacters);
    return events;
  };
}

/** Line by line; an empty one completes an event. */
function createEventBuilder(): (line: string) => StreamEvent | undefined {
  let isFirst = true;
  let name = '';
  let data: string[] = [];
  return (given) => {
    const line = isFirst ? given.replace(/^\ufeff/, '') : given;
    isFirst = false;
    if (line === '') {
      const event = { name: name === '' ? 'message' : name, data: data.join('\n') };
      const isEvent = data.length > 0;
      name = '';
      data = [];
      return isEvent ? event : undefined;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    // A comment has a field of no name, and what an event may have besides is not used here.
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
    return undefined;
  };
}

function tooLong(maxCharacters: number): Error {
  return new Error(`Cannot read the stream as an event has over ${maxCharacters} characters`);
}
