import { SQSClient, type SQSClientConfig } from '@aws-sdk/client-sqs';
import { type AwsDeadlines, requestHandlerOf } from './aws-requests.ts';

export interface SqsClientOptions extends AwsDeadlines {
  /** Of the queue, or of the server. */
  readonly url: string;
  /** Left out: the one that the URL names, else as the SDK finds it. */
  readonly region?: string | undefined;
  readonly credentials?: SQSClientConfig['credentials'] | undefined;
}

/** A queue that has nothing answers after up to 20 seconds. */
const usual = { connectMs: 3_000, answerMs: 30_000, idleMs: 30_000 };

/**
 * Asks the server that the URL names. Left to itself the SDK does so too, but warns of it whenever
 * its region says something else.
 */
export function createSqsClient({
  url,
  region = regionOf(url),
  credentials,
  ...deadlines
}: SqsClientOptions): SQSClient {
  return new SQSClient({
    endpoint: new URL(url).origin,
    requestHandler: requestHandlerOf(deadlines, usual),
    maxAttempts: 3,
    ...(region && { region }),
    ...(credentials && { credentials }),
  });
}

/** `https://sqs.eu-central-1.amazonaws.com/…` and its older and local forms. */
function regionOf(url: string): string | undefined {
  const { hostname } = new URL(url);
  return /(?:^|\.)([a-z]{2}(?:-[a-z]+)+-\d)\./.exec(hostname)?.[1];
}
