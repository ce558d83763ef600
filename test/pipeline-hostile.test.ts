import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageIdAt } from '../core/image-metadata.ts';
import { rejectKey, rejectsPrefix } from '../core/own-keys.ts';
import { parseReject } from '../core/rejects.ts';
import { drawPicture } from './support/drawings.ts';
import { expectOk } from './support/expect-ok.ts';
import { createHostileObjects } from './support/hostile-pictures.ts';
import { bucket, type RunningLocalAws, useLocalAws } from './support/local-aws.ts';
import {
  keysBelow,
  startPipeline,
  type TestPipeline,
  thumbnailsIn,
  versionsInIndex,
} from './support/pipeline.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const hostile = await createHostileObjects();
const startAws = useLocalAws();
const temporaryDirectory = useTemporaryDirectories();
let aws: RunningLocalAws;
let pipeline: TestPipeline;
/** Of the process, beyond what it had before. */
let mostBytes = 0;

const idOf = (key: string) => imageIdAt(`s3://${bucket}`, key);
const goodKey = (place: number) => `good/${place}.png`;

async function untilIdle(): Promise<void> {
  while ((await aws.left())[0] > 0) await sleep(50);
}

describe('hostile objects, each beside a good one', { timeout: 240_000 }, () => {
  beforeAll(async () => {
    aws = await startAws();
    pipeline = await startPipeline({
      aws,
      directory: await temporaryDirectory(),
      poller: { hideSeconds: 120 },
    });
    await aws.put('warm.png', await drawPicture('warm'));
    await untilIdle();
    const beforeBytes = process.memoryUsage.rss();
    const watch = setInterval(() => {
      mostBytes = Math.max(mostBytes, process.memoryUsage.rss() - beforeBytes);
    }, 20);
    for (const [place, { key, bytes }] of hostile.entries()) {
      await aws.put(key, bytes);
      await aws.put(goodKey(place), await drawPicture(goodKey(place)));
    }
    await untilIdle();
    clearInterval(watch);
  }, 240_000);

  afterAll(() => pipeline.close());

  it('leave nothing in the queue and nothing in the dead-letter queue', async () => {
    expect(await aws.left()).toEqual([0, 0]);
  });

  it('become what is documented: indexed, or a reject that says why', async () => {
    const inIndex = await versionsInIndex(pipeline.store);
    const became: Record<string, string> = {};
    for (const { key } of hostile) {
      const file = await pipeline.objects.get(rejectKey(idOf(key)));
      const reject = file.ok ? expectOk(parseReject(file.value.bytes)) : undefined;
      if (reject !== undefined) expect(reject.key).toBe(key);
      became[key] = reject?.code ?? (inIndex.has(idOf(key)) ? 'indexed' : 'lost');
    }
    expect(became).toEqual(Object.fromEntries(hostile.map(({ key, becomes }) => [key, becomes])));
  });

  it('touch none of the good ones', async () => {
    const inIndex = await versionsInIndex(pipeline.store);
    const good = hostile.map((_, place) => goodKey(place));
    expect(good.filter((key) => !inIndex.has(idOf(key)))).toEqual([]);
    const indexed = hostile.filter(({ becomes }) => becomes === 'indexed');
    expect(inIndex.size).toBe(1 + good.length + indexed.length);
    expect((await thumbnailsIn(pipeline.objects)).sort()).toEqual([...inIndex.keys()].sort());
  });

  it('take bounded memory', () => {
    console.log(`at most ${Math.round(mostBytes / 2 ** 20)} MiB more than before`);
    expect(mostBytes).toBeLessThan(1.5 * 2 ** 30);
  });

  it('lose their rejects when they become good, or go away', async () => {
    const [first, second, ...rest] = hostile.filter(({ becomes }) => becomes !== 'indexed');
    await aws.put(first?.key ?? '', await drawPicture('good now'));
    await aws.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: second?.key }));
    await untilIdle();
    const left = (await keysBelow(pipeline.objects, rejectsPrefix)).sort();
    expect(left).toEqual(rest.map(({ key }) => rejectKey(idOf(key))).sort());
    expect((await versionsInIndex(pipeline.store)).has(idOf(first?.key ?? ''))).toBe(true);
  });
});
