/** What happened to one key, as S3 tells it. */
export interface ObjectChange {
  /** Such as `ObjectCreated:Put`. */
  readonly eventName: string;
  readonly bucket: string;
  readonly key: string;
  /** Of an object that is there now. */
  readonly object?: { readonly size: number; readonly eTag: string };
}

export interface EventOrigin {
  readonly region: string;
  /** ISO 8601. */
  readonly time: string;
  /** Hexadecimal; of two changes of one key the later has the larger. */
  readonly sequencer: string;
  readonly requestId: string;
}

/** The body of the message that a bucket sends to a queue, with one record as S3's have. */
export function formatS3Event(change: ObjectChange, origin: EventOrigin): string {
  const { eventName, bucket, key, object } = change;
  const record = {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: origin.region,
    eventTime: origin.time,
    eventName,
    userIdentity: { principalId: 'AWS:LOCAL' },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { 'x-amz-request-id': origin.requestId, 'x-amz-id-2': 'local' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'index-images',
      bucket: {
        name: bucket,
        ownerIdentity: { principalId: 'LOCAL' },
        arn: `arn:aws:s3:::${bucket}`,
      },
      object: { key: encodeKey(key), ...object, sequencer: origin.sequencer },
    },
  };
  return JSON.stringify({ Records: [record] });
}

/** What a bucket sends once, when its notifications begin. */
export function formatTestEvent(
  bucket: string,
  { time, requestId }: Pick<EventOrigin, 'time' | 'requestId'>,
): string {
  return JSON.stringify({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: time,
    Bucket: bucket,
    RequestId: requestId,
    HostId: 'local',
  });
}

/** As a form encodes, with the slashes left: what a reader decodes is `+` for a space, and `%XX`. */
function encodeKey(key: string): string {
  return encodeURIComponent(key.toWellFormed())
    .replaceAll(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
}
