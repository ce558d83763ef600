import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { manifestsPrefix } from '../../core/own-keys.ts';
import { type AwsServer, testCredentials, testRegion } from './aws-server.ts';

/** A bucket of the test server, by the client alone. */
export interface TestBucket {
  readonly name: string;
  readonly url: string;
  put(
    key: string,
    body: Uint8Array | string,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<void>;
  read(key: string): Promise<string>;
  remove(key: string): Promise<void>;
  keys(prefix?: string): Promise<string[]>;
  /** The lines of every manifest, in the order of their names. */
  manifests(): Promise<unknown[][]>;
}

let buckets = 0;

export async function createTestBucket({ s3, createBucket }: AwsServer): Promise<TestBucket> {
  const Bucket = `photos-${(buckets += 1)}`;
  await createBucket(Bucket);
  const read = async (Key: string): Promise<string> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToString()) ?? '';
  };
  const keys = async (Prefix = ''): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix })) {
      found.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])));
    }
    return found;
  };
  return {
    name: Bucket,
    url: `s3://${Bucket}`,
    read,
    keys,
    async put(Key, body, Metadata = {}) {
      // The client warns of an empty text.
      const Body = Buffer.from(body);
      await s3.send(new PutObjectCommand({ Bucket, Key, Body, Metadata }));
    },
    async remove(Key) {
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    },
    async manifests() {
      const names = await keys(manifestsPrefix);
      const texts = await Promise.all(names.toSorted().map(read));
      return texts.map((text) =>
        text
          .split('\n')
          .filter((line) => line !== '')
          .map((line): unknown => JSON.parse(line)),
      );
    },
  };
}

/** What a process needs to find the server. */
export function awsEnvironment({ url }: Pick<AwsServer, 'url'>): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: testRegion,
    AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
  };
}
