import type { IncomingHttpHeaders } from 'node:http';

/** What the hooks look at of a request of fauxqs' server. */
export interface AwsRequest {
  readonly method: string;
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly body?: unknown;
}

/** The bucket and the key that a path names; both empty where it names none, as SQS' does. */
export function targetOf({ params }: AwsRequest): {
  readonly bucket: string;
  readonly key: string;
} {
  const { bucket = '', '*': key = '' } = (params ?? {}) as Readonly<Record<string, string>>;
  return { bucket, key };
}

export function hasQuery({ query }: AwsRequest, name: string): boolean {
  return typeof query === 'object' && query !== null && name in query;
}

/** The body of an error of S3's. */
export function errorXml(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
