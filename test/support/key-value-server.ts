import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export const generationsArn = 'arn:aws:cloudfront::123456789012:key-value-store/generations';

/** What goes wrong with a request: its status, and the name of the error. */
export interface KeyValueFault {
  readonly status: number;
  readonly name: string;
  /** The change is made all the same, and only its answer is lost. */
  readonly done?: boolean;
}

export interface KeyValueServer {
  /** Without the account's part of the name. */
  readonly url: string;
  readonly values: ReadonlyMap<string, string>;
  /** `DescribeKeyValueStore`, `PutKey`, in order. */
  readonly calls: readonly string[];
  /** Every `Authorization` and `Host` that came. */
  readonly seen: readonly { readonly authorization: string; readonly host: string }[];
  /** These answer the next requests, one each; `undefined`: as it should. */
  fail(...faults: readonly (KeyValueFault | undefined)[]): void;
  /** As somebody else does it. */
  change(): void;
}

/** The API of CloudFront's store of keys, as far as it is used, until the test is over. */
export async function startKeyValueServer(): Promise<KeyValueServer> {
  const values = new Map<string, string>();
  const calls: string[] = [];
  const seen: { authorization: string; host: string }[] = [];
  const faults: (KeyValueFault | undefined)[] = [];
  let version = 1;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, root, arn, , key] = (request.url ?? '').split('/').map(decodeURIComponent);
    const { authorization = '', host = '' } = request.headers;
    seen.push({ authorization, host });
    const body = await text(request);
    calls.push(request.method === 'PUT' ? 'PutKey' : 'DescribeKeyValueStore');
    const fault = faults.shift();
    const refuse = (status: number, name: string) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': name })
        .end(JSON.stringify({ Message: name }));
    if (fault && !fault.done) return void refuse(fault.status, fault.name);
    if (root !== 'key-value-stores' || arn !== generationsArn) {
      return void refuse(404, 'ResourceNotFoundException');
    }
    if (request.method === 'PUT') {
      const isCurrent = request.headers['if-match'] === `v${version}`;
      if (!isCurrent) return void refuse(409, 'ConflictException');
      values.set(key ?? '', (JSON.parse(body) as { Value: string }).Value);
      version += 1;
    }
    if (fault) return void refuse(fault.status, fault.name);
    const about = { ItemCount: values.size, TotalSizeInBytes: 1, KvsARN: arn, Created: 1 };
    response
      .writeHead(200, { 'content-type': 'application/json', etag: `v${version}` })
      .end(JSON.stringify(about));
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    values,
    calls,
    seen,
    fail: (...more) => void faults.push(...more),
    change: () => void (version += 1),
  };
}
