import {
  CloudFrontKeyValueStoreClient,
  type CloudFrontKeyValueStoreClientConfig,
  DescribeKeyValueStoreCommand,
  PutKeyCommand,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
// Requests are for no one region: by this import the client learns to sign them, and it gives nothing.
// oxlint-disable-next-line no-unassigned-import
import '@aws-sdk/signature-v4a';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Async, failure } from '../core/failure.ts';
import { callAws, readAwsError, requestHandlerOf } from './aws-requests.ts';

export interface KeyValuesOptions {
  /** `arn:aws:cloudfront::<account>:key-value-store/<id>`. */
  readonly arn: string;
  readonly client: CloudFrontKeyValueStoreClient;
  /** For one change, with all its tries. */
  readonly deadlineMs?: number;
}

/** What functions of CloudFront read, a few seconds after it was written. */
export interface KeyValues {
  /** Fails with `objects_unavailable`: then the key may have its old value, or this one. */
  put(key: string, value: string, signal?: AbortSignal): Async<void>;
}

const maxTries = 6;

/** A change names the version of the store that it changes: whoever comes second tries again. */
export function createKeyValues({ arn, client, deadlineMs = 15_000 }: KeyValuesOptions): KeyValues {
  /** Kept from one change to the next, as mostly nobody else makes any. */
  let version: string | undefined;

  async function put(Key: string, Value: string, abortSignal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      version ??= await readVersion(abortSignal);
      const input = { KvsARN: arn, Key, Value, IfMatch: version };
      version = undefined;
      try {
        const done = await client.send(new PutKeyCommand(input), { abortSignal });
        version = done.ETag;
        return;
      } catch (cause) {
        if (tries === maxTries || !isConflict(cause)) throw cause;
      }
      await sleep(Math.random() * 50 * 2 ** tries, undefined, { signal: abortSignal });
    }
  }

  async function readVersion(abortSignal: AbortSignal): Promise<string | undefined> {
    const command = new DescribeKeyValueStoreCommand({ KvsARN: arn });
    return (await client.send(command, { abortSignal })).ETag;
  }

  return {
    put: (key, value, signal) =>
      callAws({ deadlineMs, signal, explain: (cause) => explain(arn, cause) }, (abortSignal) =>
        put(key, value, abortSignal),
      ),
  };
}

/** A request that fails for a while is tried five times in all. */
export function createKeyValuesClient(
  options: Pick<CloudFrontKeyValueStoreClientConfig, 'endpoint' | 'credentials'> = {},
): CloudFrontKeyValueStoreClient {
  return new CloudFrontKeyValueStoreClient({
    ...options,
    requestHandler: requestHandlerOf({}, { connectMs: 2000, answerMs: 5000, idleMs: 5000 }),
    maxAttempts: 5,
  });
}

/** `ValidationException` may be one too: the documents do not say how a version that is over is refused. */
function isConflict(cause: unknown): boolean {
  const { code, status } = readAwsError(cause, 'CloudFront');
  return status === 409 || status === 412 || code === 'ValidationException';
}

function explain(arn: string, cause: unknown) {
  const { says } = readAwsError(cause, 'CloudFront');
  const detail = `Cannot write to the store of keys as ${says}: ${arn}`;
  return failure('objects_unavailable', detail, { cause });
}
