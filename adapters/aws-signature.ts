import { createHash, createHmac } from 'node:crypto';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that end, as those of a role do. */
  readonly sessionToken?: string | undefined;
}

export interface UnsignedRequest {
  readonly url: URL;
  /** By lower-case name; `host` is added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AwsSigner {
  readonly service: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
  /** The time that the signature is for: AWS takes it for some minutes. */
  readonly date: Date;
}

/**
 * The headers of a POST that AWS accepts as signed (Signature Version 4, all headers signed, no query).
 * For the few calls that a function makes while it starts, and loads no SDK for.
 */
export function signedHeaders(
  { url, headers, body }: UnsignedRequest,
  { service, region, credentials, date }: AwsSigner,
): Readonly<Record<string, string>> {
  const time = date.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const all: Readonly<Record<string, string>> = {
    ...headers,
    host: url.host,
    'x-amz-date': time,
    ...(sessionToken && { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(all).sort();
  const canonical = [
    'POST',
    url.pathname,
    '',
    ...names.map((name) => `${name}:${all[name]?.trim()}`),
    '',
    names.join(';'),
    hash(body),
  ].join('\n');
  const day = time.slice(0, 8);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (parent, text) => createHmac('sha256', parent).update(text).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const credential = `${accessKeyId}/${scope}`;
  return {
    ...all,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
