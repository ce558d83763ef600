import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { createS3Client } from '../adapters/s3-client.ts';
import { imageId } from '../core/image-id.ts';
import { thumbnailKey } from '../core/own-keys.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { encodeImage, plain } from '../test/support/images.ts';
import { startQdrant } from '../test/support/qdrant-server.ts';
import { sqsEvent } from '../test/support/sqs-events.ts';
import type { BuiltStage } from './dockerfile-build.ts';
import { runInside } from './dockerfile-sandbox.ts';
import { openFauxqs } from './local-aws/fauxqs.ts';

const bucket = 'pictures';
const region = 'eu-central-1';

/** What Lambda does round a handler, once: its event comes as an argument, its answer is the last line. */
const runtime = `
const { handler } = await import('/var/task/lambda.mjs');
const end = performance.now() + 60000;
const context = { getRemainingTimeInMillis: () => end - performance.now() };
const answer = await handler(JSON.parse(process.argv[1]), context);
process.stdout.write('\\n' + JSON.stringify(answer) + '\\n', () => process.exit());
`;

/**
 * Hands the function a message about a picture in a bucket, as somebody without rights on files that
 * can't be written to, and looks whether its thumbnail is there. Throws where it is not.
 */
export async function invokeLambda(
  image: BuiltStage,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const fauxqs = await openFauxqs(undefined, region);
  if (!fauxqs.ok) throw new Error(fauxqs.error.detail);
  const { app } = fauxqs.value;
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const qdrant = await startQdrant();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = createS3Client({ region, credentials, endpoint: url, pathStyle: true });
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const Body = await encodeImage(plain([200, 30, 40]), 'png');
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'red.png', Body }));
    const own = environmentOf(url, qdrant);
    const event = sqsEvent([{ body: JSON.stringify({ bucket, keys: ['red.png'] }) }]);
    const command = ['node', '--input-type=module', '-e', runtime, JSON.stringify(event)];
    const sandbox = { ...image, env: { ...image.env, ...own, ...env } };
    const { code, printed } = await runInside(sandbox, command, { user: '993:990', writable: [] });
    const thumbnail = thumbnailKey(imageId(`s3://${bucket}/red.png`));
    const made = await createS3Objects({ bucket, client }).head(thumbnail);
    const answer = printed.trim().split('\n').at(-1) ?? '';
    const isDone =
      code === 0 && made.ok && made.value !== undefined && answer === '{"batchItemFailures":[]}';
    if (!isDone) throw new Error(`It ends with ${code}:\n${printed}`);
    return answer;
  } finally {
    client.destroy();
    await qdrant.stop();
    await app.close();
  }
}

function environmentOf(url: string, qdrant: { readonly host: string; readonly port: number }) {
  return {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL: url,
    PICTURES_BUCKET: bucket,
    DEAD_LETTER_QUEUE_URL: `${url}/000000000000/dead-letters`,
    QDRANT_HOST: qdrant.host,
    QDRANT_GRPC_PORT: String(qdrant.port),
  };
}
