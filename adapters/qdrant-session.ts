import { type ClientHttp2Session, connect } from 'node:http2';
import { Code, ConnectError } from '@connectrpc/connect';
import type { GrpcTransportOptions } from '@connectrpc/connect-node';

type SessionManager = NonNullable<GrpcTransportOptions['sessionManager']>;

export interface SessionOptions {
  /** `http://host:port`, or https. */
  readonly url: string;
  /** Certificates to trust, in PEM, in place of the usual ones. */
  readonly ca?: string | undefined;
  /** To make a connection, and for the answer to a ping. */
  readonly timeoutMs: number;
  /** A proxy in between sees that the connection is in use, and a dead one is noticed. */
  readonly pingEveryMs: number;
}

/**
 * One HTTP/2 connection, made when it is needed and anew when it is gone. In place of the
 * `Http2SessionManager` of connect-node 2.2, whose keep-alive timer outlives a connection that breaks
 * with calls on it, and then ends the process; and which waits for a connection as long as the system does.
 */
export function createSession(options: SessionOptions): SessionManager & { close(): void } {
  let current: Promise<ClientHttp2Session> | undefined;
  let isClosed = false;

  function open(): Promise<ClientHttp2Session> {
    const opening = openSession(options, () => {
      if (current === opening) current = undefined;
    });
    current = opening;
    return opening;
  }

  async function usable(): Promise<ClientHttp2Session> {
    const session = await (current ?? open());
    return session.closed || session.destroyed ? open() : session;
  }

  return {
    authority: new URL(options.url).origin,
    async request(method, path, headers, requestOptions) {
      if (isClosed) throw new ConnectError('the connection is closed', Code.Canceled);
      const session = await usable();
      return session.request({ ...headers, ':method': method, ':path': path }, requestOptions);
    },
    notifyResponseByteRead: () => undefined,
    close() {
      isClosed = true;
      current?.then((session) => session.destroy()).catch(() => undefined);
    },
  };
}

/** A page of vectors comes in one go: Node's 64 KiB would cost a round trip each. */
const windowBytes = 8 * 2 ** 20;

/** @param onGone Called once, when nothing new can be asked over it. */
function openSession(options: SessionOptions, onGone: () => void): Promise<ClientHttp2Session> {
  const { url, ca, timeoutMs, pingEveryMs } = options;
  const { promise, resolve, reject } = Promise.withResolvers<ClientHttp2Session>();
  const session = connect(url, {
    settings: { initialWindowSize: windowBytes },
    ...(ca !== undefined && { ca }),
  });
  const giveUp = setTimeout(
    () => session.destroy(dead('there is no connection in time')),
    timeoutMs,
  );
  const pings = setInterval(() => ping(session, timeoutMs), pingEveryMs);
  // Who waits for an answer has a timer of its own; an idle connection keeps no process alive.
  session.unref();
  giveUp.unref();
  pings.unref();
  session.on('connect', () => {
    clearTimeout(giveUp);
    // It is told of a connection also after it has been given up.
    if (session.destroyed) return;
    session.setLocalWindowSize(windowBytes);
    resolve(session);
  });
  session.on('error', (error) => reject(asUnavailable(error)));
  session.on('goaway', () => {
    onGone();
    // Calls that are on it go on.
    session.close();
  });
  session.on('close', () => {
    clearTimeout(giveUp);
    clearInterval(pings);
    onGone();
    reject(dead('the connection was closed'));
  });
  return promise;
}

function ping(session: ClientHttp2Session, timeoutMs: number): void {
  if (session.connecting || session.closed || session.destroyed) return;
  const late = setTimeout(() => session.destroy(dead('it does not answer a ping')), timeoutMs);
  late.unref();
  session.ping(() => clearTimeout(late));
}

function asUnavailable(error: Error): ConnectError {
  if (error instanceof ConnectError) return error;
  return new ConnectError(error.message, Code.Unavailable, undefined, undefined, error);
}

function dead(why: string): ConnectError {
  return new ConnectError(why, Code.Unavailable);
}
