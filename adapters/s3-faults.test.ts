import { describe, expect, it } from 'vitest';
import type { Failure } from '../core/failure.ts';
import { imageLimits } from '../core/image-limits.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { Result } from '../core/result.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { says, useFaultyS3 } from '../test/support/faulty-s3.ts';
import type { Script } from '../test/support/http-servers.ts';

const faultyS3 = useFaultyS3();

/** Every call of the store, with what it fails with. */
async function failAll(store: ObjectStore, signal?: AbortSignal): Promise<Record<string, Failure>> {
  const put = { contentType: 'image/png', ...(signal && { signal }) };
  const done: Record<string, Result<unknown, Failure>> = {
    head: await store.head('a.png', signal),
    get: await store.get('a.png', signal),
    put: await store.put('a.png', Buffer.from('x'), put),
    remove: await store.remove(['a.png'], signal),
  };
  const [listed] = await Array.fromAsync(store.list({ signal }));
  const failures = Object.entries(done).map(([name, result]) => [name, expectFailure(result)]);
  if (listed === undefined || listed.ok) throw new Error('Cannot take the failure of the list');
  return { ...Object.fromEntries(failures), list: listed.error.failure };
}

function codesOf(failures: Record<string, Failure>): Record<string, string> {
  return Object.fromEntries(Object.entries(failures).map(([name, { code }]) => [name, code]));
}

const unavailable = {
  head: 'objects_unavailable',
  get: 'objects_unavailable',
  put: 'objects_unavailable',
  remove: 'objects_unavailable',
  list: 'objects_unavailable',
};

describe('a bucket that does not answer', () => {
  it('is unavailable when there is no server', async () => {
    const failures = await failAll(faultyS3.open(1));
    expect(codesOf(failures)).toEqual(unavailable);
    expect(failures['get']?.detail).toBe(
      'Cannot read the object as connect ECONNREFUSED 127.0.0.1:1: s3://bucket/a.png',
    );
  });

  it('is asked three times when its server accepts and never says anything', async () => {
    const { store, asked } = await faultyS3.start(() => {}, { answerMs: 250 });
    const failed = expectFailure(await store.get('a.png'));
    expect(failed.code).toBe('objects_unavailable');
    expect(failed.detail).toContain('exceeded the configured 250 ms');
    expect(asked).toHaveLength(3);
  });

  it('is given up at the deadline, whatever the tries', async () => {
    const { store, asked } = await faultyS3.start(() => {}, { answerMs: 60_000, deadlineMs: 100 });
    const failures = await failAll(store);
    expect(codesOf(failures)).toEqual(unavailable);
    expect(failures['head']?.detail).toContain('there was no answer within 100 ms');
    expect(asked.length).toBeLessThanOrEqual(5);
  });

  it('is left when the signal says so', async () => {
    const { store } = await faultyS3.start(() => {}, { answerMs: 60_000, deadlineMs: 60_000 });
    for (const call of [
      (signal: AbortSignal) => store.get('a.png', signal),
      (signal: AbortSignal) => store.head('a.png', signal),
      (signal: AbortSignal) => store.remove(['a.png', 'b\u0007.png'], signal),
      (signal: AbortSignal) => store.put('a.png', Buffer.from('x'), { signal }),
    ]) {
      expect(expectFailure(await call(AbortSignal.timeout(50))).code).toBe('timeout');
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 20);
      expect(expectFailure(await call(stop.signal)).code).toBe('cancelled');
    }
    const listed = await Array.fromAsync(store.list({ signal: AbortSignal.timeout(50) }));
    expect(listed).toMatchObject([{ ok: false, error: { failure: { code: 'timeout' } } }]);
  });

  it('is left in the middle of the wait before another try', async () => {
    const stop = new AbortController();
    const { store, asked } = await faultyS3.start((response, ...more) => {
      setTimeout(() => stop.abort(), 100);
      response.setHeader('retry-after', '5');
      says(503, 'SlowDown')(response, ...more);
    });
    expect(expectFailure(await store.get('a.png', stop.signal)).code).toBe('cancelled');
    expect(asked).toHaveLength(1);
  });

  it(
    'is given up while it is waited for what listens to no signal',
    { timeout: 20_000 },
    async () => {
      const credentials = () => new Promise<never>(() => {});
      const store = faultyS3.open(1, { credentials, deadlineMs: 100 });
      expect(codesOf(await failAll(store))).toEqual(unavailable);
      const signal = AbortSignal.timeout(20);
      const patient = faultyS3.open(1, { credentials, deadlineMs: 60_000 });
      expect(expectFailure(await patient.get('a.png', signal)).code).toBe('timeout');
    },
  );

  it('is unavailable where nobody has credentials', async () => {
    const credentials = async (): Promise<never> => {
      throw new Error('nobody knows any');
    };
    const failures = await failAll(faultyS3.open(1, { credentials }));
    expect(codesOf(failures)).toEqual(unavailable);
    expect(failures['put']?.detail).toContain('nobody knows any');
  });
});

describe('a bucket that refuses', () => {
  it('is asked three times while it says that something is wrong with it', async () => {
    const { store, asked } = await faultyS3.start(says(500, 'InternalError', 'Please wait'));
    const failures = await failAll(store);
    expect(codesOf(failures)).toEqual(unavailable);
    expect(failures['get']?.detail).toContain('S3 says InternalError: Please wait');
    expect(failures['head']?.detail).toContain('S3 says HTTP 500: s3://');
    expect(asked).toHaveLength(15);
  });

  it('is asked three times while it wants to be asked less', async () => {
    const { store, asked } = await faultyS3.start(says(503, 'SlowDown', 'Reduce your rate'));
    const failed = expectFailure(await store.get('a.png'));
    expect(failed.code).toBe('objects_unavailable');
    expect(failed.detail).toContain('S3 says SlowDown: Reduce your rate');
    expect(asked).toHaveLength(3);
  });

  it('answers in the end when it was only for a moment', async () => {
    const { store } = await faultyS3.start((response, place, request) => {
      if (place < 2) says(503, 'SlowDown')(response, place, request);
      else response.writeHead(200, { etag: '"version"', 'content-length': 2 }).end('ok');
    });
    const { info, bytes } = expectOk(await store.get('a.png'));
    expect(info).toEqual({ key: 'a.png', bytes: 2, version: 'version', metadata: {} });
    expect(Buffer.from(bytes).toString()).toBe('ok');
  });

  it('names the one object that it denies, and says what is wrong with all', async () => {
    const denied = await faultyS3.start(says(403, 'AccessDenied', 'Access Denied'));
    const failures = await failAll(denied.store);
    expect(codesOf(failures)).toEqual({
      head: 'image_unreadable',
      get: 'image_unreadable',
      put: 'image_unreadable',
      remove: 'objects_unavailable',
      list: 'objects_unavailable',
    });
    expect(failures['get']?.detail).toBe(
      'Cannot read the object as permission is denied (S3 says AccessDenied: Access Denied): s3://bucket/a.png',
    );
    expect(failures['head']?.detail).toContain('permission is denied (S3 says HTTP 403)');
    expect(denied.asked).toHaveLength(5);
    const unknown = await faultyS3.start(says(403, 'InvalidAccessKeyId'));
    expect(expectFailure(await unknown.store.get('a.png')).code).toBe('objects_unavailable');
  });

  it('says of an archived object that it must be restored', async () => {
    const { store } = await faultyS3.start(says(403, 'InvalidObjectState'));
    expect(expectFailure(await store.get('a.png'))).toMatchObject({
      code: 'image_unreadable',
      detail:
        'Cannot read the object as it is archived and must be restored first: s3://bucket/a.png',
    });
  });

  it('says what it did not remove', async () => {
    const xml = `<DeleteResult><Error><Key>b.png</Key><Code>AccessDenied</Code><Message>No</Message></Error></DeleteResult>`;
    const { store } = await faultyS3.start((response) => {
      response.writeHead(200, { 'content-type': 'application/xml' }).end(xml);
    });
    expect(expectFailure(await store.remove(['a.png', 'b.png']))).toMatchObject({
      code: 'image_unreadable',
      detail: 'Cannot remove the object as S3 says AccessDenied: No: s3://bucket/b.png',
    });
  });
});

describe('an object that does not come as it should', () => {
  const head = { etag: '"e"', 'content-type': 'image/png' };

  it('is read again when the connection was cut, and unavailable when it is cut again', async () => {
    let cuts = 1;
    const { store, asked } = await faultyS3.start((response) => {
      response.writeHead(200, { ...head, 'content-length': 6 });
      response.write('abc');
      if ((cuts -= 1) >= 0) setImmediate(() => response.destroy());
      else response.end('def');
    });
    expect(Buffer.from(expectOk(await store.get('a.png')).bytes).toString()).toBe('abcdef');
    expect(asked).toHaveLength(2);
    cuts = 2;
    const failed = expectFailure(await store.get('a.png'));
    expect(failed.code).toBe('objects_unavailable');
    expect(failed.detail).toContain('the connection broke');
    expect(asked).toHaveLength(4);
  });

  it('is unavailable when it stops coming', async () => {
    const stalls: Script = (response) =>
      response.writeHead(200, { ...head, 'content-length': 6 }).write('abc');
    const { store } = await faultyS3.start(stalls, { idleMs: 250 });
    const failed = expectFailure(await store.get('a.png'));
    expect(failed.code).toBe('objects_unavailable');
    expect(failed.detail).toContain('timed out after 250 ms of inactivity');
  });

  it.each(['timeout', 'objects_unavailable'])('ends with %s when it trickles', async (code) => {
    const closed = Promise.withResolvers<void>();
    const { store } = await faultyS3.start(
      (response) => {
        response.writeHead(200, { ...head, 'content-length': 1_000_000 });
        const timer = setInterval(() => response.write('x'), 10);
        response.on('close', () => closed.resolve(clearInterval(timer)));
      },
      { deadlineMs: 200 },
    );
    const signal = code === 'timeout' ? AbortSignal.timeout(100) : undefined;
    expect(expectFailure(await store.get('a.png', signal)).code).toBe(code);
    await closed.promise;
  });

  it('is refused unread when it is announced as too large', { timeout: 20_000 }, async () => {
    const closed = Promise.withResolvers<void>();
    const announces: Script = (response) => {
      response.on('close', closed.resolve);
      response.writeHead(200, { ...head, 'content-length': imageLimits.bytes + 1 }).flushHeaders();
    };
    const { store } = await faultyS3.start(announces, { idleMs: 0 });
    expect(expectFailure(await store.get('a.png')).code).toBe('image_too_large');
    await closed.promise;
  });

  it('is refused halfway when it proves to be too large', async () => {
    const chunk = Buffer.alloc(2 ** 20);
    const closed = Promise.withResolvers<void>();
    let sent = 0;
    const { store } = await faultyS3.start((response) => {
      response.on('close', closed.resolve);
      response.writeHead(200, head);
      const more = (): void => {
        for (let free = true; free && !response.destroyed; sent += chunk.length) {
          free = response.write(chunk);
        }
      };
      response.on('drain', more);
      more();
    });
    expect(expectFailure(await store.get('a.png')).code).toBe('image_too_large');
    await closed.promise;
    expect(sent).toBeLessThan(2 * imageLimits.bytes);
  });

  it('ends where it was said to end, whatever comes after it', async () => {
    const { store } = await faultyS3.start((response) => {
      response.socket?.end('HTTP/1.1 200 OK\r\netag: "e"\r\ncontent-length: 3\r\n\r\nabcdef');
    });
    const { info, bytes } = expectOk(await store.get('a.png'));
    expect([Buffer.from(bytes).toString(), info.bytes]).toEqual(['abc', 3]);
  });
});
