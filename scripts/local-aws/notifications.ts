import { randomUUID } from 'node:crypto';
import { isOwnKey } from '../../core/own-keys.ts';
import type { Fauxqs } from './fauxqs.ts';
import { isForm, postedFormOf } from './posted-form.ts';
import { type AwsRequest, hasQuery, targetOf } from './requests.ts';
import { formatS3Event, formatTestEvent, type ObjectChange } from './s3-event.ts';

export interface NotificationOptions {
  readonly bucket: string;
  readonly region: string;
  /** Takes the body of a message. */
  readonly send: (body: string) => void;
}

/**
 * Tells of every change of the bucket, before whoever made it has his answer. What the index itself
 * keeps there is left out.
 */
export function sendNotifications(
  { app, stores }: Fauxqs,
  { bucket, region, send }: NotificationOptions,
): { begin(): void } {
  let sequence = BigInt(Date.now()) << 20n;
  const originNow = () => {
    sequence += 1n;
    const requestId = randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase();
    const sequencer = sequence.toString(16).toUpperCase().padStart(18, '0');
    return { region, time: new Date().toISOString(), sequencer, requestId };
  };
  // In one turn: a hook that waits lets fauxqs' handlers answer a second time.
  app.addHook('onSend', (request, reply, _payload, done) => {
    for (const { eventName, key } of reply.statusCode < 300 ? changesOf(request, bucket) : []) {
      if (isOwnKey(key)) continue;
      const change = { eventName, bucket, key, ...objectNow(stores, bucket, key, eventName) };
      send(formatS3Event(change, originNow()));
    }
    done();
  });
  return { begin: () => send(formatTestEvent(bucket, originNow())) };
}

function objectNow(
  { s3Store }: Fauxqs['stores'],
  bucket: string,
  key: string,
  eventName: string,
): Pick<ObjectChange, 'object'> {
  if (!eventName.startsWith('ObjectCreated:')) return {};
  const { contentLength, etag } = s3Store.headObject(bucket, key);
  return { object: { size: contentLength, eTag: etag.replaceAll('"', '') } };
}

type Change = Pick<ObjectChange, 'eventName' | 'key'>;

function changesOf(request: AwsRequest, bucket: string): Change[] {
  const { bucket: asked, key } = targetOf(request);
  if (asked !== bucket) return [];
  const isOfPart = hasQuery(request, 'partNumber');
  if (request.method === 'PUT' && key !== '' && !isOfPart) {
    const isCopy = request.headers['x-amz-copy-source'] !== undefined;
    return [{ eventName: `ObjectCreated:${isCopy ? 'Copy' : 'Put'}`, key }];
  }
  if (request.method === 'DELETE' && key !== '' && !hasQuery(request, 'uploadId')) {
    return [{ eventName: 'ObjectRemoved:Delete', key }];
  }
  if (request.method !== 'POST') return [];
  if (key === '') return postedToBucket(request);
  const isComplete = hasQuery(request, 'uploadId');
  return isComplete ? [{ eventName: 'ObjectCreated:CompleteMultipartUpload', key }] : [];
}

function postedToBucket(request: AwsRequest): Change[] {
  if (isForm(request)) {
    const key = postedFormOf(request)?.fields.get('key');
    return key === undefined ? [] : [{ eventName: 'ObjectCreated:Post', key }];
  }
  const keys = String(request.body).matchAll(/<Key>([\s\S]*?)<\/Key>/g);
  return Array.from(keys, ([, escaped = '']) => ({
    eventName: 'ObjectRemoved:Delete',
    key: unescapeXml(escaped),
  }));
}

function unescapeXml(text: string): string {
  const entities = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };
  return Object.entries(entities).reduce(
    (done, [entity, sign]) => done.replaceAll(entity, sign),
    text,
  );
}
