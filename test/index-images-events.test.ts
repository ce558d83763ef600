import { beforeAll, describe, expect, it } from 'vitest';
import { rejectsPrefix, thumbnailKey } from '../core/own-keys.ts';
import { imageId } from '../core/image-id.ts';
import { formatS3Event, formatTestEvent } from '../scripts/local-aws/s3-event.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { colours, encodeImage, plain } from './support/images.ts';
import { createIndexImagesWorld, type IndexImagesWorld } from './support/index-images-world.ts';

let aws: AwsServer;
let red: Buffer;
let blue: Buffer;
beforeAll(async () => {
  aws = await startAws();
  red = await encodeImage(plain(colours.red), 'png');
  blue = await encodeImage(plain(colours.blue), 'jpeg');
});

const origin = {
  region: 'eu-central-1',
  time: '2026-11-22T10:00:00.000Z',
  sequencer: '0055AED6DCD90281E5',
  requestId: 'C3D13FE58DE4C810',
};

function eventOf(world: IndexImagesWorld, eventName: string, key: string): string {
  return formatS3Event({ eventName, bucket: world.bucket.name, key }, origin);
}

function bridgeEvent(world: IndexImagesWorld, kind: string, key: string): string {
  return JSON.stringify({
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': kind,
    source: 'aws.s3',
    account: '111122223333',
    time: origin.time,
    region: origin.region,
    resources: [`arn:aws:s3:::${world.bucket.name}`],
    detail: { version: '0', bucket: { name: world.bucket.name }, object: { key } },
  });
}

const created = [
  'ObjectCreated:Put',
  'ObjectCreated:Post',
  'ObjectCreated:Copy',
  'ObjectCreated:CompleteMultipartUpload',
];
const removed = [
  'ObjectRemoved:Delete',
  'ObjectRemoved:DeleteMarkerCreated',
  'LifecycleExpiration:Delete',
  'LifecycleExpiration:DeleteMarkerCreated',
];

describe('an event of a bucket', () => {
  it.each([...created, ...removed])('of %s means: look at this key', async (eventName) => {
    const world = await createIndexImagesWorld(aws);
    await world.bucket.put('animals/größer + älter.png', red);
    await world.send(eventOf(world, eventName, 'animals/größer + älter.png'));
    const { acknowledged, failed } = await world.invoke();
    expect([acknowledged.length, failed.length]).toEqual([1, 0]);
    const record = (await world.records()).get('animals/größer + älter.png');
    expect(record?.metadata).toMatchObject({ category: 'animals', type: 'image/png', width: 48 });
    // Gone is gone, whatever the event calls it.
    await world.bucket.remove('animals/größer + älter.png');
    await world.send(eventOf(world, eventName, 'animals/größer + älter.png'));
    await world.invoke();
    expect(await world.records()).toEqual(new Map());
    expect(await world.bucket.keys()).toEqual([]);
  });

  it('comes by way of EventBridge too', async () => {
    const world = await createIndexImagesWorld(aws);
    await world.bucket.put('a+b c.png', red);
    await world.send(bridgeEvent(world, 'Object Created', 'a+b c.png'));
    await world.drain();
    expect([...(await world.records()).keys()]).toEqual(['a+b c.png']);
    await world.bucket.remove('a+b c.png');
    await world.send(bridgeEvent(world, 'Object Deleted', 'a+b c.png'));
    await world.drain();
    expect(await world.records()).toEqual(new Map());
  });

  it('may be the one that S3 sends once, and say nothing', async () => {
    const world = await createIndexImagesWorld(aws);
    await world.send(formatTestEvent(world.bucket.name, origin));
    expect(await world.invoke()).toMatchObject({ failed: [] });
    expect(world.lines.at(-1)).toMatchObject({ level: 'info', messages: 1, done: 1, indexed: 0 });
  });

  it('may be made by hand, with a hundred keys', async () => {
    const world = await createIndexImagesWorld(aws);
    const keys = Array.from({ length: 100 }, (_, n) => `colours/${n}.png`);
    await Promise.all(keys.slice(1).map((key) => world.bucket.put(key, red)));
    await world.send(JSON.stringify({ bucket: world.bucket.name, keys }));
    expect(await world.invoke()).toMatchObject({ failed: [] });
    expect((await world.records()).size).toBe(99);
    expect(world.encoded()).toBe(99);
    expect(world.metrics.counts.get('indexed')).toBe(99);
  });

  it('about another bucket is unusable, and moves with a reason after three receives', async () => {
    const world = await createIndexImagesWorld(aws);
    await world.bucket.put('a.png', red);
    const foreign = JSON.stringify({ bucket: 'somebody-elses', keys: ['a.png'] });
    await world.send(foreign, 'no JSON at all');
    for (const _ of [1, 2]) expect((await world.invoke()).failed).toHaveLength(2);
    expect((await world.invoke()).acknowledged).toHaveLength(2);
    const dead = await world.dead();
    const letter = dead.find(({ body }) => body === foreign);
    expect(letter?.reason).toMatch(/^message_unusable: Cannot .*: s3:\/\/somebody-elses\/a\.png$/);
    expect(dead.find(({ body }) => body === 'no JSON at all')?.reason).toMatch(
      /^message_unusable:/,
    );
    expect(world.encoded()).toBe(0);
    expect(world.metrics.counts.get('retried message_unusable')).toBe(4);
    expect(world.metrics.counts.get('dead_lettered message_unusable')).toBe(2);
  });

  it('about a file of our own is done without a look', async () => {
    const world = await createIndexImagesWorld(aws);
    const key = thumbnailKey(imageId('x'));
    await world.bucket.put(key, red);
    await world.send(eventOf(world, 'ObjectCreated:Put', key));
    expect(await world.invoke()).toMatchObject({ failed: [] });
    expect(await world.records()).toEqual(new Map());
    expect(await world.bucket.keys()).toEqual([key]);
  });
});

describe('the messages of a batch', () => {
  it('are done once where they name the same keys', async () => {
    const world = await createIndexImagesWorld(aws);
    for (const key of ['a.png', 'b.png', 'c.png']) await world.bucket.put(key, red);
    const { name: bucket } = world.bucket;
    await world.send(
      ...['a.png', 'b.png', 'a.png'].map((key) => eventOf(world, 'ObjectCreated:Put', key)),
      JSON.stringify({ bucket, keys: ['a.png', 'b.png', 'c.png', 'c.png'] }),
      JSON.stringify({ bucket, key: 'c.png' }),
    );
    expect((await world.invoke()).acknowledged).toHaveLength(5);
    expect(world.encoded()).toBe(3);
    expect(world.metrics.counts.get('messages')).toBe(5);
    expect(world.metrics.counts.get('indexed')).toBe(3);
  });

  it('cost no encoding where the picture is as it was, and one where it is another', async () => {
    const world = await createIndexImagesWorld(aws);
    await world.bucket.put('a.png', red);
    const event = eventOf(world, 'ObjectCreated:Put', 'a.png');
    await world.send(event);
    await world.invoke();
    await world.send(event, event);
    await world.invoke();
    expect(world.encoded()).toBe(1);
    expect(world.metrics.counts.get('skipped')).toBe(1);
    await world.bucket.put('a.png', blue);
    await world.send(event);
    await world.invoke();
    expect(world.encoded()).toBe(2);
    expect((await world.records()).get('a.png')?.metadata).toMatchObject({ type: 'image/jpeg' });
  });

  it('are told of in one line, with nothing of the pictures in it', async () => {
    const world = await createIndexImagesWorld(aws);
    await world.bucket.put('good.png', red, { category: 'secret-category' });
    await world.bucket.put('bad.png', 'no picture');
    await world.send(
      ...['good.png', 'bad.png'].map((key) => eventOf(world, 'ObjectCreated:Put', key)),
    );
    await world.invoke();
    expect(world.lines).toHaveLength(1);
    expect(world.lines[0]).toMatchObject({
      level: 'info',
      messages: 2,
      done: 2,
      retried: 0,
      dead_lettered: 0,
      indexed: 1,
      skipped: 0,
      removed: 0,
      rejected: { not_an_image: 1 },
      rejects: [{ key: 'bad.png', code: 'not_an_image' }],
    });
    expect(JSON.stringify(world.lines)).not.toContain('secret-category');
    expect(world.metrics.counts.get('rejected not_an_image')).toBe(1);
    expect(world.metrics.values.get('oldest_message_age')?.[0]).toBeGreaterThanOrEqual(0);
    expect(world.metrics.values.get('image_encode_duration')?.length).toBeGreaterThan(0);
    expect(await world.bucket.keys(rejectsPrefix)).toHaveLength(1);
  });
});
