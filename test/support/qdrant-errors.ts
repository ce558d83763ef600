import { Code, ConnectError } from '@connectrpc/connect';

// The texts and codes that a server answers with, after Qdrant's sources and documentation.

export function badInput(description: string): ConnectError {
  return new ConnectError(`Wrong input: ${description}`, Code.InvalidArgument);
}

export function strictMode(description: string, solution: string): ConnectError {
  return new ConnectError(`Bad request: ${description}. Help: ${solution}`, Code.InvalidArgument);
}

export function noCollection(name: string): ConnectError {
  return new ConnectError(`Not found: Collection \`${name}\` doesn't exist!`, Code.NotFound);
}

export function collectionExists(name: string): ConnectError {
  return new ConnectError(
    `Wrong input: Collection \`${name}\` already exists!`,
    Code.AlreadyExists,
  );
}

export function wrongDimension(expected: number, got: number): ConnectError {
  return badInput(`Vector dimension error: expected dim: ${expected}, got ${got}`);
}

export function serviceError(description: string): ConnectError {
  return new ConnectError(`Service internal error: ${description}`, Code.Internal);
}

export function forbidden(description: string): ConnectError {
  return new ConnectError(`Forbidden: ${description}`, Code.PermissionDenied);
}

export function unauthenticated(hasKey: boolean): ConnectError {
  return new ConnectError(
    hasKey ? 'Invalid API key or JWT' : 'Must provide an API key or an Authorization bearer token',
    Code.Unauthenticated,
  );
}

export function rateLimited(kind: 'Read' | 'Write', retryAfterSeconds?: number): ConnectError {
  return new ConnectError(
    `Rate limiting exceeded: ${kind} rate limit exceeded: Operation requires 1 tokens but only 0.0 were available. Retry after ${retryAfterSeconds ?? 1}s`,
    Code.ResourceExhausted,
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
  );
}

/** What a write meets when there is no room, by what there is no room in. */
export const fullErrors = {
  disk: () => serviceError('No space left on device: WAL buffer size exceeds available disk space'),
  memory: () =>
    strictMode(
      'Resident memory usage is at 91% of total memory, exceeding the configured limit of 85%',
      'Reduce memory usage (e.g. delete points or drop collections), or raise `max_resident_memory_percent` in the strict mode config of this collection.',
    ),
  quota: () =>
    strictMode(
      'Disk usage is at 96% of total capacity, exceeding the configured limit of 90%',
      'Reduce disk usage (e.g. delete points or drop collections), or raise `max_disk_usage_percent` in the global quota config.',
    ),
} as const;

/** What a write meets when nothing may be written: a key that only reads, or a disk that does. */
export const readOnlyErrors = {
  key: () => forbidden('Global manage access is required'),
  disk: () => serviceError('Failed to write WAL: Read-only file system (os error 30)'),
} as const;
