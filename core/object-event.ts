import * as z from 'zod';
import { type Failure, failure } from './failure.ts';
import { err, ok, type Result } from './result.ts';

/** A place in a bucket that somebody says is worth a look. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

const maxKeyBytes = 1024;
const limits = { keys: 100, bytes: 200_000 } as const;

const Bucket = z.string().min(1);

const Records = z.object({
  Records: z.array(
    z.object({
      eventSource: z.literal('aws:s3'),
      s3: z.object({ bucket: z.object({ name: Bucket }), object: z.object({ key: z.string() }) }),
    }),
  ),
});

/** What S3 sends once, when notifications are set up. */
const Test = z.object({ Service: z.literal('Amazon S3'), Event: z.literal('s3:TestEvent') });

const Bridged = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.string(),
  detail: z.object({ bucket: z.object({ name: Bucket }), object: z.object({ key: z.string() }) }),
});

const HandMade = z.union([
  z.object({ bucket: Bucket, keys: z.array(z.string()) }),
  z.object({ bucket: Bucket, key: z.string() }),
]);

/**
 * The places that a message speaks of: an event notification of S3 (its keys are URL-encoded), the
 * same by way of EventBridge (they are not), or `{ "bucket", "keys" }` and `{ "bucket", "key" }` as
 * our own commands send them. What has happened there does not matter: the bucket is looked at. Fails
 * with `message_unusable`, also where one of many keys can be none of an object.
 */
export function parseObjectMessage(body: string): Result<readonly ObjectPlace[], Failure> {
  const message = parseJson(body);
  if (message === undefined) return err(unusable('it is not JSON', body));
  const places = readPlaces(message);
  if (places === undefined) {
    return err(unusable('it is neither an event of S3 nor a bucket with keys', body));
  }
  for (const { key } of places) {
    if (key === undefined) return err(unusable('a key in it is not URL-encoded', body));
    if (key === '') return err(unusable('a key in it is empty', body));
    if (!key.isWellFormed()) return err(unusable('a key in it is not valid Unicode', body));
    if (byteLength(key) > maxKeyBytes) {
      return err(unusable(`a key in it has more than ${maxKeyBytes} bytes`, body));
    }
  }
  return ok(places as ObjectPlace[]);
}

/**
 * The bodies of messages that `parseObjectMessage` reads: at most 100 keys and 200 KB each, and
 * nothing but ASCII, as queues do not take every character.
 */
export function formatObjectMessage(bucket: string, keys: readonly string[]): string[] {
  const bodies: string[] = [];
  const frame = toAscii({ bucket, keys: [] }).length;
  let some: string[] = [];
  let bytes = frame;
  for (const key of keys) {
    const added = toAscii(key).length + 1;
    if (some.length === limits.keys || (some.length > 0 && bytes + added > limits.bytes)) {
      bodies.push(toAscii({ bucket, keys: some }));
      some = [];
      bytes = frame;
    }
    some.push(key);
    bytes += added;
  }
  if (some.length > 0) bodies.push(toAscii({ bucket, keys: some }));
  return bodies;
}

interface FoundPlace {
  readonly bucket: string;
  /** `undefined`: it could not be decoded. */
  readonly key: string | undefined;
}

function readPlaces(message: unknown): FoundPlace[] | undefined {
  if (Test.safeParse(message).success) return [];
  const records = Records.safeParse(message);
  if (records.success) {
    return records.data.Records.map(({ s3 }) => {
      return { bucket: s3.bucket.name, key: decodeKey(s3.object.key) };
    });
  }
  const bridged = Bridged.safeParse(message);
  if (bridged.success) {
    const { bucket, object } = bridged.data.detail;
    return [{ bucket: bucket.name, key: object.key }];
  }
  const { data } = HandMade.safeParse(message);
  if (data === undefined) return undefined;
  const keys = 'keys' in data ? data.keys : [data.key];
  return keys.map((key) => ({ bucket: data.bucket, key }));
}

/** As S3 encodes keys in its events, lists and inventories. `undefined`: it is not encoded so. */
export function decodeKey(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function toAscii(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function unusable(why: string, body: string): Failure {
  const shown = body.length > 200 ? `${body.slice(0, 200).toWellFormed()}…` : body;
  return failure('message_unusable', `Cannot use the message as ${why}: ${shown}`);
}
