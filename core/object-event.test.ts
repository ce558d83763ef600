import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { formatObjectMessage, parseObjectMessage } from './object-event.ts';

/** As S3 documents it, with all that is of no interest. */
function s3Record(key: string, eventName = 'ObjectCreated:Put', bucket = 'pictures') {
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'eu-central-1',
    eventTime: '2026-11-22T09:00:00.000Z',
    eventName,
    userIdentity: { principalId: 'A1' },
    requestParameters: { sourceIPAddress: '203.0.113.9' },
    responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810', 'x-amz-id-2': 'FMyUVURIY8' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'index',
      bucket: { name: bucket, ownerIdentity: { principalId: 'A1' }, arn: `arn:aws:s3:::${bucket}` },
      object: { key, size: 1024, eTag: 'd41d8cd98f00b204e9800998ecf8427e', sequencer: '0A1B2C' },
    },
  };
}

function s3Message(...keys: string[]): string {
  return JSON.stringify({ Records: keys.map((key) => s3Record(key)) });
}

/** S3 encodes as forms do: all but the letters, digits and a few signs, a space as a plus. */
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
}

const anyKey = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((key) => key.isWellFormed());

function places(body: string) {
  return expectOk(parseObjectMessage(body)).map(({ bucket, key }) => `${bucket} ${key}`);
}

function refusal(body: string): string {
  const refused = expectFailure(parseObjectMessage(body));
  expect(refused.code).toBe('message_unusable');
  expect(refused.detail).toMatch(/^Cannot use the message as /);
  expect(refused.detail.length).toBeLessThan(400);
  return refused.detail;
}

describe('a message of S3', () => {
  it('names an object, whatever has happened to it', () => {
    for (const eventName of [
      'ObjectCreated:Put',
      'ObjectCreated:Post',
      'ObjectCreated:Copy',
      'ObjectCreated:CompleteMultipartUpload',
      'ObjectRemoved:Delete',
      'ObjectRemoved:DeleteMarkerCreated',
      'LifecycleExpiration:Delete',
      'LifecycleExpiration:DeleteMarkerCreated',
      'ObjectRestore:Completed',
      'ObjectTagging:Put',
    ]) {
      const body = JSON.stringify({ Records: [s3Record('cats/tom.jpg', eventName)] });
      expect(places(body)).toEqual(['pictures cats/tom.jpg']);
    }
  });

  it('has keys as forms have them', () => {
    expect(places(s3Message('a+b%2Bc/%C3%A4%0A%25.jpg', 'x%2e%2e/y'))).toEqual([
      'pictures a b+c/ä\n%.jpg',
      'pictures x../y',
    ]);
  });

  it('may have many records of several buckets, or none', () => {
    const many = Array.from({ length: 5000 }, (_, n) =>
      s3Record(`${n}.jpg`, undefined, `b${n % 3}`),
    );
    const found = places(JSON.stringify({ Records: many }));
    expect(found).toHaveLength(5000);
    expect(found[4999]).toBe('b1 4999.jpg');
    expect(places('{"Records":[]}')).toEqual([]);
  });

  it('may be the one that says that notifications are on', () => {
    const body = {
      Service: 'Amazon S3',
      Event: 's3:TestEvent',
      Time: '2026-11-22T09:00:00.000Z',
      Bucket: 'pictures',
      RequestId: '5582815E1AEA5ADF',
      HostId: '8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR',
    };
    expect(places(JSON.stringify(body))).toEqual([]);
  });

  it('has plain keys when it came by EventBridge', () => {
    for (const type of ['Object Created', 'Object Deleted', 'Object Restore Completed']) {
      const body = {
        version: '0',
        id: '2d4eba74',
        'detail-type': type,
        source: 'aws.s3',
        account: '123456789012',
        time: '2026-11-22T09:00:00Z',
        region: 'eu-central-1',
        resources: ['arn:aws:s3:::pictures'],
        detail: {
          version: '0',
          bucket: { name: 'pictures' },
          object: { key: 'a+b%2Bc d.jpg', size: 5, etag: 'b1946ac92492d2347c6235b4d2611184' },
        },
      };
      expect(places(JSON.stringify(body))).toEqual(['pictures a+b%2Bc d.jpg']);
    }
  });

  it('brings any key through', () => {
    fc.assert(
      fc.property(fc.array(anyKey, { minLength: 1, maxLength: 5 }), (keys) => {
        const expected = keys.map((key) => `pictures ${key}`);
        expect(places(s3Message(...keys.map(encodeKey)))).toEqual(expected);
      }),
    );
  });
});

describe('a message of our own', () => {
  it('may name one key or many, as they are', () => {
    expect(places('{"bucket":"b","key":"a+b%20.jpg"}')).toEqual(['b a+b%20.jpg']);
    expect(places('{"bucket":"b","keys":["a","c d"],"why":"backfill"}')).toEqual(['b a', 'b c d']);
  });

  it('brings any keys through, in nothing but printable ASCII', () => {
    fc.assert(
      fc.property(fc.array(anyKey, { maxLength: 250 }), (keys) => {
        const bodies = formatObjectMessage('pictures', keys);
        for (const body of bodies) expect(body).toMatch(/^[ -~]+$/);
        expect(bodies.flatMap(places)).toEqual(keys.map((key) => `pictures ${key}`));
      }),
    );
  });

  it('has at most 100 keys and 200 KB', () => {
    expect(formatObjectMessage('b', [])).toEqual([]);
    const short = Array.from({ length: 250 }, (_, n) => `${n}.jpg`);
    expect(formatObjectMessage('b', short).map((body) => places(body).length)).toEqual([
      100, 100, 50,
    ]);
    // The longest that a key can become: 1,024 bytes, each of which is written with six.
    const long = short.map((name) => name.padEnd(1024, '\u0001'));
    const bodies = formatObjectMessage('b', long);
    for (const body of bodies) expect(body.length).toBeLessThanOrEqual(200_000);
    expect(bodies.flatMap(places)).toHaveLength(250);
    expect(bodies.length).toBeLessThan(10);
  });
});

describe('a message that can be used for nothing', () => {
  it('is refused with what is wrong with it', () => {
    expect(refusal('')).toContain('not JSON');
    expect(refusal('{"Records":')).toContain('not JSON');
    for (const body of [
      'null',
      '17',
      '"text"',
      '[]',
      '{}',
      '{"Records":{}}',
      '{"Records":[null]}',
    ]) {
      expect(refusal(body)).toContain('neither an event of S3 nor a bucket with keys');
    }
  });

  it('is refused when it is an event of something else', () => {
    const other = { ...s3Record('a.jpg'), eventSource: 'aws:sns' };
    expect(refusal(JSON.stringify({ Records: [s3Record('b.jpg'), other] }))).toContain('neither');
    expect(refusal('{"Service":"Amazon S3","Event":"s3:Other"}')).toContain('neither');
    const bridged = { source: 'aws.ec2', 'detail-type': 'x', detail: { bucket: { name: 'b' } } };
    expect(refusal(JSON.stringify(bridged))).toContain('neither');
    expect(refusal('{"bucket":"","keys":["a"]}')).toContain('neither');
    expect(refusal('{"bucket":"b","keys":[1]}')).toContain('neither');
  });

  it('is refused when one of its keys can be none', () => {
    expect(refusal(s3Message('ok.jpg', '%E4.jpg'))).toContain('not URL-encoded');
    expect(refusal(s3Message('100%'))).toContain('not URL-encoded');
    expect(refusal(s3Message('ok.jpg', ''))).toContain('empty');
    expect(refusal('{"bucket":"b","key":"\\ud800"}')).toContain('not valid Unicode');
    expect(refusal(s3Message('ä'.repeat(513)))).toContain('1024 bytes');
    expect(places(s3Message('ä'.repeat(512)))).toHaveLength(1);
  });

  it('may be as deep and as long as it likes', () => {
    const deep = `${'{"Records":['.repeat(50_000)}${']}'.repeat(50_000)}`;
    expect(refusal(deep)).toMatch(/…$/);
    expect(refusal(`{"Records":[${'['.repeat(100_000)}${']'.repeat(100_000)}]}`)).toMatch(/…$/);
    refusal('x'.repeat(1_000_000));
  });

  it('never breaks anything', () => {
    fc.assert(fc.property(fc.string(), (body) => void parseObjectMessage(body)));
    fc.assert(
      fc.property(fc.json(), (body) => {
        expect(parseObjectMessage(body).ok).toBe(false);
      }),
    );
  });
});
