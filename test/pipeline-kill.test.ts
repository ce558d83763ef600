import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { expect, it, onTestFinished } from 'vitest';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { drawPicture } from './support/drawings.ts';
import { expectOk } from './support/expect-ok.ts';
import { bucket, useLocalAws } from './support/local-aws.ts';
import type { PipelineProcessArguments } from './support/pipeline-process.ts';
import { thumbnailsIn, versionsInBucket, versionsInIndex } from './support/pipeline.ts';
import { type RunningScript, startProcess } from './support/processes.ts';
import { seededRandom } from './support/random.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const startAws = useLocalAws();
const temporaryDirectory = useTemporaryDirectories();
const pictures = 100;
const kills = 3;

it('has all of the bucket in the end, however often its process is killed in the middle of a batch', async () => {
  const random = seededRandom(5);
  const { aws, s3, put, left } = await startAws({ maxReceives: 50 });
  const objects = createS3Objects({ bucket, client: s3 });
  const directory = await temporaryDirectory();
  const settings: PipelineProcessArguments = { aws, bucket, directory, hideSeconds: 1 };
  let worker: RunningScript | undefined;
  onTestFinished(() => void worker?.process.kill('SIGKILL'));
  const start = async () => {
    worker = startProcess('test/support/pipeline-process.ts', [JSON.stringify(settings)]);
    await worker.waitFor(/Ready/);
    return worker;
  };

  const keys = Array.from({ length: pictures }, (_, n) => `pictures/${n}.png`);
  for (const key of keys) await put(key, await drawPicture(key));
  for (let killed = 0; killed < kills; killed += 1) {
    const { process: child, finished } = await start();
    const before = (await thumbnailsIn(objects)).length;
    // Some are in, and more are under way.
    while ((await thumbnailsIn(objects)).length < before + 5) await sleep(5);
    await sleep(random() * 60);
    child.kill('SIGKILL');
    await finished;
    expect((await left())[0]).toBeGreaterThan(0);
    // While nobody looks.
    await put(keys[killed] ?? '', await drawPicture(`another ${killed}`));
    const gone = { Bucket: bucket, Key: keys[killed + 20] ?? '' };
    await s3.send(new DeleteObjectCommand(gone));
  }

  const last = await start();
  while ((await left())[0] > 0) await sleep(50);
  last.process.kill('SIGTERM');
  expect(await last.finished).toMatchObject({ code: 0, stderr: '' });
  expect(await left()).toEqual([0, 0]);

  const encoder = expectOk(await createOnnxEncoder({ directory: 'models/demo' }));
  const { model } = encoder;
  const store = expectOk(await createEmbeddedStore({ directory, collection: 'images', model }));
  const [inIndex, inBucket] = [await versionsInIndex(store), await versionsInBucket(objects)];
  const thumbnails = await thumbnailsIn(objects);
  await store.close();
  await encoder.close();
  expect(inBucket.size).toBe(pictures - kills);
  expect(new Map([...inIndex].sort())).toEqual(new Map([...inBucket].sort()));
  expect(thumbnails.sort()).toEqual([...inBucket.keys()].sort());
}, 120_000);
