/**
 * A process to be killed: works off the queue of a local AWS that runs elsewhere. Its arguments are
 * JSON: `PipelineProcessArguments`.
 */
import { createEmbeddedStore } from '../../adapters/embedded-store.ts';
import { createOnnxEncoder } from '../../adapters/onnx-encoder.ts';
import type { LocalAws } from '../../scripts/local-aws/local-aws.ts';
import { startLocalPipeline } from '../../scripts/local-aws/local-pipeline.ts';
import { expectOk } from './expect-ok.ts';

export interface PipelineProcessArguments {
  readonly aws: Pick<LocalAws, 'client' | 'queueUrl' | 'deadLetterQueueUrl'>;
  readonly bucket: string;
  /** Of the index. */
  readonly directory: string;
  readonly hideSeconds: number;
}

const { aws, bucket, directory, hideSeconds }: PipelineProcessArguments = JSON.parse(
  process.argv[2] ?? '{}',
);
const encoder = expectOk(await createOnnxEncoder({ directory: 'models/demo' }));
const { model } = encoder;
const store = expectOk(
  await createEmbeddedStore({ directory, collection: 'images', model, searchSpace: null }),
);
const pipeline = startLocalPipeline({
  aws,
  bucket,
  encoder,
  store,
  logger: { info() {}, warn() {}, error: (fields, message) => console.error(message, fields) },
  poller: { concurrency: 2, hideSeconds },
});
process.once('SIGTERM', async () => {
  await pipeline.close();
  await store.close();
  await encoder.close();
});
console.log('Ready');
