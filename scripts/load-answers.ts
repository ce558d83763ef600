const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = '0\r\n\r\n';

/** Finds the end of one HTTP answer after the other on a connection. */
export interface AnswerReader {
  /** Whether an answer has ended with these bytes. */
  take(bytes: Buffer): boolean;
  /** Status line and headers of the answer that ended last. */
  head(): string;
}

export function createAnswerReader(): AnswerReader {
  let head = '';
  let state: 'head' | 'body' | 'chunks' = 'head';
  let missingBytes = 0;
  /** What came of a head that has no end yet; the end of the chunks so far. */
  let kept: Buffer = Buffer.alloc(0);

  function takeHead(bytes: Buffer): boolean {
    const all = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
    const end = all.indexOf(headEnd);
    kept = end === -1 ? all : Buffer.alloc(0);
    if (end === -1) return false;
    head = all.toString('latin1', 0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    missingBytes = Number(length ?? 0);
    state = length === undefined ? 'chunks' : 'body';
    return takeBody(all.subarray(end + headEnd.length));
  }

  function takeBody(bytes: Buffer): boolean {
    let isEnd: boolean;
    if (state === 'body') {
      missingBytes -= bytes.length;
      isEnd = missingBytes <= 0;
    } else {
      kept = Buffer.concat([kept, bytes]).subarray(-lastChunk.length);
      isEnd = kept.toString('latin1') === lastChunk;
    }
    if (!isEnd) return false;
    state = 'head';
    kept = Buffer.alloc(0);
    return true;
  }

  return {
    take: (bytes) => (state === 'head' ? takeHead(bytes) : takeBody(bytes)),
    head: () => head,
  };
}
