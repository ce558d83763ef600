import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { isBrokenConnection, qdrantFailure } from './qdrant-failure.ts';

describe('an error of Qdrant', () => {
  it.each([
    ['read', Code.NotFound, "Not found: Collection `a` doesn't exist!", 'collection_missing'],
    ['read', Code.Unauthenticated, 'Invalid API key or JWT', 'store_unavailable'],
    ['read', Code.PermissionDenied, 'Forbidden: access denied', 'store_unavailable'],
    ['write', Code.PermissionDenied, 'Forbidden: Global manage access', 'store_read_only'],
    ['read', Code.ResourceExhausted, 'Rate limiting exceeded: Read rate', 'overloaded'],
    ['write', Code.ResourceExhausted, 'Out of memory, free: 12', 'store_full'],
    ['write', Code.Internal, 'No space left on device: WAL buffer size', 'store_full'],
    ['read', Code.Internal, 'No space left on device: WAL buffer size', 'store_unavailable'],
    ['write', Code.InvalidArgument, 'Disk usage is at 96% of total capacity', 'store_full'],
    ['write', Code.InvalidArgument, 'Max points count limit of 9 reached!', 'store_full'],
    ['write', Code.Internal, 'Read-only file system (os error 30)', 'store_read_only'],
    ['write', Code.FailedPrecondition, 'Storage locked: upgrade', 'store_read_only'],
    ['read', Code.FailedPrecondition, 'Storage locked: upgrade', 'store_unavailable'],
    ['write', Code.InvalidArgument, 'Limit exceeded. Help: Reduce it.', 'store_read_only'],
    ['read', Code.InvalidArgument, 'Limit exceeded. Help: Reduce it.', 'store_unavailable'],
    ['read', Code.InvalidArgument, 'Vector dimension error: expected dim: 4', 'model_mismatch'],
    ['read', Code.DeadlineExceeded, 'Operation timed out', 'timeout'],
    ['read', Code.Canceled, 'Timeout expired', 'timeout'],
    ['read', Code.Canceled, 'http/2 stream closed', 'store_unavailable'],
    ['read', Code.Unavailable, 'connect ECONNREFUSED', 'store_unavailable'],
    ['write', Code.Internal, 'has no active replica', 'store_unavailable'],
    ['read', Code.Unimplemented, '', 'store_unavailable'],
  ] as const)('at a %s with code %i and "%s" is %s', (intent, code, message, expected) => {
    const error = new ConnectError(message, code);
    const found = qdrantFailure(error, intent);
    expect(found.code).toBe(expected);
    expect(found.detail).toMatch(/^Cannot \w+ .* as /);
    expect(found.cause).toBe(error);
  });

  it('names the variable that has the key', () => {
    const error = new ConnectError('Invalid API key or JWT', Code.Unauthenticated);
    expect(qdrantFailure(error, 'read').detail).toContain('QDRANT_API_KEY');
  });

  it('is found below what has been wrapped around it, with the whole time to wait', () => {
    const limit = new ConnectError('Rate limiting exceeded', Code.ResourceExhausted, {
      'retry-after': '17',
    });
    const wrapped = new Error('the call has failed', {
      cause: new Error('deeper', { cause: limit }),
    });
    const inUnknown = new ConnectError('unknown', Code.Unknown, undefined, undefined, limit);
    for (const error of [limit, wrapped, inUnknown]) {
      expect(qdrantFailure(error, 'read')).toMatchObject({
        code: 'overloaded',
        retryAfterSeconds: 17,
      });
    }
  });

  it('says nothing about when to come back where Qdrant does not', () => {
    const limit = new ConnectError('Rate limiting exceeded', Code.ResourceExhausted);
    expect(qdrantFailure(limit, 'read')).not.toHaveProperty('retryAfterSeconds');
  });

  it('is worth a second call only when the connection broke', () => {
    const broken = [Code.Unavailable, Code.Aborted, Code.Canceled];
    for (const code of [...broken, Code.Internal, Code.NotFound, Code.DeadlineExceeded]) {
      expect(isBrokenConnection(new ConnectError('', code))).toBe(broken.includes(code));
    }
  });
});
