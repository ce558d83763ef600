/** A part of a trace: something that began and ends. */
export interface Span {
  /** W3C `traceparent` of this span, to be sent along with what it asks of others. */
  readonly traceparent: string;
  child(name: string, kind?: SpanKind): Span;
  /** A label: no secrets, nothing that a person typed. */
  label(name: string, value: string | number | boolean): void;
  /** Ends it; with a failure's code where it failed. */
  end(code?: string): void;
}

/** `server` answers a request, `client` asks another process, `internal` is neither. */
export type SpanKind = 'server' | 'client' | 'internal';

/** Where spans go. Never fails: spans that can't be sent are dropped. */
export interface Tracer {
  /** A span below the one that `traceparent` names, or the root of a new trace. */
  start(name: string, traceparent?: string): Span;
  /** Sends what has not been sent, for a few seconds at most. */
  close(): Promise<void>;
}
