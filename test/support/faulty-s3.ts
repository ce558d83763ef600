import { afterEach } from 'vitest';
import { createS3Client, type S3ClientOptions } from '../../adapters/s3-client.ts';
import { createS3Objects } from '../../adapters/s3-objects.ts';
import type { ObjectStore } from '../../core/object-store.ts';
import { testCredentials, testRegion } from './aws-server.ts';
import { type Script, useHttpServers } from './http-servers.ts';

export interface FaultyS3Options extends S3ClientOptions {
  readonly deadlineMs?: number;
}

/** Buckets on servers that answer as they are told. */
export function useFaultyS3() {
  const serve = useHttpServers();
  const closing: (() => void)[] = [];

  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  function open(
    port: number,
    { deadlineMs = 30_000, ...options }: FaultyS3Options = {},
  ): ObjectStore {
    const client = createS3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: testRegion,
      credentials: testCredentials,
      pathStyle: true,
      ...options,
    });
    closing.push(() => client.destroy());
    return createS3Objects({ bucket: 'bucket', client, deadlineMs });
  }

  return {
    open,
    async start(script: Script, options: FaultyS3Options = {}) {
      const { port, asked } = await serve(script);
      return { store: open(port, options), asked };
    },
  };
}

/** An answer that is a failure in the words of S3. */
export function says(status: number, code: string, message = 'Because'): Script {
  return (response, _, request) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    const xml = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    response.end(request.method === 'HEAD' ? undefined : xml);
  };
}
