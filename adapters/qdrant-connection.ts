import type { CallOptions } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { abortFailure, type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { isBrokenConnection, qdrantFailure, type QdrantIntent } from './qdrant-failure.ts';
import { createSession } from './qdrant-session.ts';
import { createQdrantServices, type QdrantServices } from './qdrant-services.ts';

/** Where a Qdrant is. */
export interface QdrantAddress {
  readonly host: string;
  /** Of gRPC. */
  readonly port: number;
  readonly tls?: boolean;
  readonly apiKey?: string | undefined;
  /** Certificates to trust, in PEM, in place of the usual ones. */
  readonly ca?: string | undefined;
}

export interface AskOptions {
  /** `read` unless said otherwise. */
  readonly intent?: QdrantIntent;
  readonly signal?: AbortSignal | undefined;
  readonly traceparent?: string | undefined;
  /** In place of the connection's own. */
  readonly timeoutMs?: number;
}

/** A way to a Qdrant that may be gone at any moment and back at any other. */
export interface QdrantConnection {
  /** How long one call may take. */
  readonly timeoutMs: number;
  /**
   * One call, which ends at its deadline, at the caller's signal or at `close` whatever the network
   * does. All that is asked may be asked twice, and is, once, when the connection breaks.
   */
  ask<T>(
    call: (services: QdrantServices, options: CallOptions) => Promise<T>,
    options?: AskOptions,
  ): Async<T>;
  close(): void;
}

/** Below what load balancers call idle. */
const pingEveryMs = 10_000;
/** So long a dead connection may not answer a ping, and a new one may take. */
const noticeMs = 5_000;

export function createQdrantConnection(
  address: QdrantAddress,
  timeoutMs: number,
): QdrantConnection {
  const { session, services } = connect(address);
  const closing = new AbortController();
  return {
    timeoutMs,
    async ask(call, options = {}) {
      if (closing.signal.aborted) return err(closed());
      if (options.signal?.aborted) return err(abortFailure(options.signal));
      const wait = createWait(options.timeoutMs ?? timeoutMs, options.signal, closing.signal);
      const headers = headersOf(address, options.traceparent);
      const asked = () =>
        call(services, { timeoutMs: wait.leftMs(), signal: wait.signal, headers });
      try {
        const answer = asked().catch((error: unknown) => {
          if (wait.signal.aborted || !isBrokenConnection(error)) throw error;
          return asked();
        });
        return await wait.until(answer, options.intent ?? 'read');
      } finally {
        wait.end();
      }
    },
    close() {
      closing.abort();
      session.close();
    },
  };
}

function connect({ host, port, tls = false, ca }: QdrantAddress) {
  const url = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const session = createSession({ url, ca, timeoutMs: noticeMs, pingEveryMs });
  const transport = createGrpcTransport({
    baseUrl: url,
    sessionManager: session,
    acceptCompression: [],
  });
  return { session, services: createQdrantServices(transport) };
}

/** Deadline, caller and close in one signal, which also ends what does not listen to it. */
function createWait(timeoutMs: number, caller: AbortSignal | undefined, closing: AbortSignal) {
  const startedMs = performance.now();
  const ended = new AbortController();
  const { promise: given, resolve: giveUp } = Promise.withResolvers<Result<never, Failure>>();
  const stop = (why: () => Failure) => () => {
    giveUp(err(why()));
    ended.abort();
  };
  const leave = stop(() => abortFailure(caller ?? closing));
  const close = stop(closed);
  const timer = setTimeout(
    stop(() => failure('timeout', 'Cannot finish in time as Qdrant takes too long')),
    timeoutMs,
  );
  caller?.addEventListener('abort', leave, { once: true });
  closing.addEventListener('abort', close, { once: true });
  return {
    signal: ended.signal,
    leftMs: () => Math.max(Math.ceil(timeoutMs - (performance.now() - startedMs)), 1),
    until<T>(answer: Promise<T>, intent: QdrantIntent): Async<T> {
      const done = answer.then(ok, (error: unknown) => err(qdrantFailure(error, intent)));
      return Promise.race([given, done]);
    },
    end() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', leave);
      closing.removeEventListener('abort', close);
    },
  };
}

function headersOf({ apiKey }: QdrantAddress, traceparent: string | undefined): [string, string][] {
  return [
    ...(apiKey === undefined ? [] : [['api-key', apiKey] as [string, string]]),
    ...(traceparent === undefined ? [] : [['traceparent', traceparent] as [string, string]]),
  ];
}

function closed(): Failure {
  return failure('store_unavailable', 'Cannot use the vector store as it is closed');
}
