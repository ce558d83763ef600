import type { Interceptor } from '@connectrpc/connect';
import { unauthenticated, readOnlyErrors } from './qdrant-errors.ts';
import { isWrite, type Gate } from './qdrant-faults.ts';
import { methodOf } from './qdrant-protocol.ts';

/** One call that came in. */
export interface QdrantCall {
  /** Such as `Points.Query`. */
  readonly method: string;
  /** The deadline that the caller sent along. */
  readonly timeoutMs: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** The message, as it was decoded. */
  readonly request: unknown;
}

export interface QdrantKeys {
  readonly apiKey?: string | undefined;
  /** Another key, which may only read. */
  readonly readOnlyApiKey?: string | undefined;
}

const lastCalls = 2000;

/** Notes each call, asks for the key, and lets the gate decide what becomes of it. */
export function createCallInterceptor(
  calls: QdrantCall[],
  gate: Gate,
  keys: QdrantKeys,
): Interceptor {
  return (next) => async (request) => {
    const method = methodOf(request.service, request.method.name);
    calls.push({
      method,
      timeoutMs: readTimeout(request.header.get('grpc-timeout')),
      metadata: Object.fromEntries(request.header),
      request: request.stream ? undefined : request.message,
    });
    if (calls.length > lastCalls) calls.shift();
    // Whoever asks may know whether it is there.
    if (method !== 'Qdrant.HealthCheck') checkKey(request.header, method, keys);
    await gate(method, request.signal);
    return next(request);
  };
}

export function checkKey(
  headers: { get(name: string): string | null },
  method: string,
  { apiKey, readOnlyApiKey }: QdrantKeys,
): void {
  if (apiKey === undefined && readOnlyApiKey === undefined) return;
  const bearer = /^Bearer (.+)$/.exec(headers.get('authorization') ?? '')?.[1];
  const key = headers.get('api-key') ?? bearer;
  if (key === undefined) throw unauthenticated(false);
  if (key === apiKey) return;
  if (key !== readOnlyApiKey) throw unauthenticated(true);
  if (isWrite(method)) throw readOnlyErrors.key();
}

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

function readTimeout(header: string | null): number | undefined {
  const found = /^(\d+)([HMSmun])$/.exec(header ?? '');
  return found === null ? undefined : Number(found[1]) * (unitMs[found[2] ?? ''] ?? 1);
}
