import { type Async, failure } from '../../core/failure.ts';
import { err, ok } from '../../core/result.ts';
import { type Door, guardDoor } from './door.ts';
import { type Fauxqs, openFauxqs } from './fauxqs.ts';
import { sendNotifications } from './notifications.ts';
import { createQueues, sendToQueue } from './queues.ts';

export interface LocalAwsOptions {
  readonly bucket: string;
  /** Where all of it is kept; left out: in memory. */
  readonly directory?: string;
  /** 0: any that is free. */
  readonly port?: number;
  /** Pages of these origins may post forms to the bucket. */
  readonly origins?: Door['origins'];
  /** Of a message that was received, until it may be received again. */
  readonly hideSeconds?: number;
  /** After so many receives a message goes to the dead-letter queue. */
  readonly maxReceives?: number;
  /** Stands between the bucket and the queue, as chaos does; left out: nothing does. */
  readonly deliver?: (body: string, send: (body: string) => void) => void;
}

export interface LocalAws {
  /** Of clients of S3 and SQS alike; S3 is asked by path. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** The same for clients that find it by themselves. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const region = 'eu-central-1';
const credentials = { accessKeyId: 'local-aws', secretAccessKey: 'local-aws-secret' } as const;

/**
 * S3 and SQS over their protocols, in this process and for this machine alone: a bucket that tells a
 * queue of every change, and a queue that puts aside what was received in vain.
 */
export async function startLocalAws(options: LocalAwsOptions): Async<LocalAws> {
  const { bucket, directory, deliver = (body, send) => send(body) } = options;
  const fauxqs = await openFauxqs(directory, region);
  if (!fauxqs.ok) return fauxqs;
  const { stores } = fauxqs.value;
  guardDoor(fauxqs.value, { ...credentials, origins: options.origins ?? (() => []) });
  const send = (body: string) => deliver(body, (one) => sendToQueue(stores, bucket, one));
  const notifications = sendNotifications(fauxqs.value, { bucket, region, send });
  const url = await listen(fauxqs.value, options.port ?? 0);
  if (!url.ok) return url;
  const queues = createQueues(stores, { ...options, name: bucket, url: url.value, region });
  if (!stores.s3Store.hasBucket(bucket)) {
    stores.s3Store.createBucket(bucket);
    notifications.begin();
  }
  return ok({
    client: { endpoint: url.value, region, credentials },
    ...queues,
    environment: {
      AWS_ENDPOINT_URL: url.value,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    close: async () => void (await fauxqs.value.app.close()),
  });
}

async function listen({ app }: Fauxqs, port: number): Async<string> {
  try {
    return ok(await app.listen({ host: '127.0.0.1', port }));
  } catch (cause) {
    await app.close();
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    if (!isTaken) throw cause;
    const detail = `Cannot start the local AWS as the port is taken: ${port}`;
    return err(failure('address_in_use', detail, { cause }));
  }
}
