import { connect, type Socket } from 'node:net';
import { createAnswerReader } from './load-answers.ts';
import { createTally, type LoadReport, type Tally } from './load-tally.ts';

export interface Load {
  readonly url: URL;
  /** Posted in turn. */
  readonly bodies: readonly string[];
  /** `name: value`. */
  readonly headers: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

/** Connections get open, code hot, and caches warm: not counted. */
const warmUpMs = 500;
const graceMs = 5000;

/**
 * Over bare sockets, one request at a time on each: node's own HTTP client costs more than the
 * servers that are to be measured, on the same cores as they.
 */
export async function runLoad(load: Load): Promise<LoadReport> {
  const requests = load.bodies.map((body) => toRequest(load, body));
  const tally = createTally();
  let next = 0;
  let isOver = false;
  const nextRequest = (): Buffer | undefined =>
    isOver ? undefined : requests[(next += 1) % requests.length];
  const done = Array.from({ length: load.connections }, () =>
    keepAsking(load.url, nextRequest, tally),
  );
  await pause(warmUpMs);
  tally.begin();
  await pause(load.seconds * 1000);
  const report = tally.end();
  isOver = true;
  const late = pause(graceMs);
  await Promise.race([Promise.all(done.map(({ ended }) => ended)), late]);
  for (const { stop } of done) stop();
  return report;
}

function toRequest({ url, headers }: Load, body: string): Buffer {
  const head = [
    `POST ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** One connection, opened again when it breaks, until there is no next request. */
function keepAsking(url: URL, nextRequest: () => Buffer | undefined, tally: Tally) {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let socket: Socket | undefined;
  let isStopped = false;

  function open(): void {
    socket = connect({ host: url.hostname, port: Number(url.port || 80), noDelay: true });
    const reader = createAnswerReader();
    let sent = 0;
    let isAsking = false;

    function ask(): void {
      const request = nextRequest();
      isAsking = request !== undefined;
      if (request === undefined) socket?.end();
      else {
        sent = performance.now();
        socket?.write(request);
      }
    }
    socket.once('connect', ask);
    socket.on('data', (chunk) => {
      if (!reader.take(chunk)) return;
      tally.add(reader.head(), performance.now() - sent);
      ask();
    });
    socket.once('error', () => {});
    socket.once('close', () => {
      if (isAsking && !isStopped) tally.addBroken();
      if (isStopped || !isAsking) resolve();
      else setTimeout(open, 10);
    });
  }

  open();
  return {
    ended,
    stop() {
      isStopped = true;
      socket?.destroy();
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
