import { beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { abortFailure, failure } from '../core/failure.ts';
import { createGeneration } from '../core/generation.ts';
import { imageId } from '../core/image-id.ts';
import { rejectKey } from '../core/own-keys.ts';
import type { Encoder, VectorStore } from '../core/ports.ts';
import { err } from '../core/result.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { createFakeEncoder } from './support/fake-encoder.ts';
import { colours, encodeImage, plain } from './support/images.ts';
import { createIndexImagesWorld, type IndexImagesWorld } from './support/index-images-world.ts';
import { contextWith, failedIds, sqsEvent } from './support/sqs-events.ts';

let aws: AwsServer;
let red: Buffer;
beforeAll(async () => {
  aws = await startAws();
  red = await encodeImage(plain(colours.red), 'png');
});

const about = (world: IndexImagesWorld, ...keys: readonly string[]) =>
  JSON.stringify({ bucket: world.bucket.name, keys });

/** A store that refuses as often as it is told to. */
function refusingStore(): { store: VectorStore; refuse(times: number): void } {
  const store = createMemoryStore({ dimensions: 64 });
  let left = 0;
  return {
    refuse: (times) => void (left = times),
    store: {
      ...store,
      upsert(points, signal) {
        if (left-- <= 0) return store.upsert(points, signal);
        return Promise.resolve(err(failure('store_unavailable', 'Cannot reach Qdrant')));
      },
    },
  };
}

describe('a picture that can never be indexed', () => {
  it('is acknowledged and listed, and harms none beside it', async () => {
    const world = await createIndexImagesWorld(aws);
    const keys = ['a.png', 'empty.png', 'text.jpg', 'broken.png', 'z.png'];
    const bodies = [red, '', 'no picture at all', red.subarray(0, red.length - 20), red];
    for (const [place, key] of keys.entries()) await world.bucket.put(key, bodies[place] ?? '');
    await world.send(...keys.map((key) => about(world, key)));
    expect(await world.invoke()).toMatchObject({ failed: [] });
    expect([...(await world.records()).keys()].toSorted()).toEqual(['a.png', 'z.png']);
    const rejects = await Promise.all(
      keys.slice(1, 4).map((key) => readReject(world, key).then(({ code }) => code)),
    );
    expect(rejects).toEqual(['image_empty', 'not_an_image', 'image_corrupt']);
    expect(world.metrics.counts.get('rejected image_corrupt')).toBe(1);
  });

  it('does not keep the others of its message, and is forgotten when it is good', async () => {
    const world = await createIndexImagesWorld(aws);
    await world.bucket.put('a.png', red);
    await world.bucket.put('b.png', 'none');
    await world.send(about(world, 'a.png', 'b.png'));
    expect(await world.invoke()).toMatchObject({ failed: [] });
    await world.bucket.put('b.png', red);
    await world.send(about(world, 'b.png'));
    await world.invoke();
    expect((await world.records()).size).toBe(2);
    expect(await world.bucket.keys(rejectKey(idOf(world, 'b.png')))).toEqual([]);
  });

  function idOf(world: IndexImagesWorld, key: string): string {
    return imageId(`${world.bucket.url}/${key}`);
  }

  async function readReject(world: IndexImagesWorld, key: string): Promise<{ code: string }> {
    return JSON.parse(await world.bucket.read(rejectKey(idOf(world, key)))) as { code: string };
  }
});

describe('a store that fails', () => {
  it('gives the messages back until it works', async () => {
    const { store, refuse } = refusingStore();
    const world = await createIndexImagesWorld(aws, { store });
    await world.bucket.put('a.png', red);
    await world.send(about(world, 'a.png'), about(world, 'gone.png'));
    refuse(1);
    expect((await world.invoke()).failed).toContain(about(world, 'a.png'));
    expect(await world.records()).toEqual(new Map());
    await world.drain();
    expect([...(await world.records()).keys()]).toEqual(['a.png']);
    expect(await world.dead()).toEqual([]);
  });

  it('sends them to the dead letters with the third receive, with the reason', async () => {
    const { store, refuse } = refusingStore();
    const world = await createIndexImagesWorld(aws, { store });
    await world.bucket.put('a.png', red);
    await world.send(about(world, 'a.png'));
    refuse(3);
    for (const _ of [1, 2]) expect((await world.invoke()).failed).toHaveLength(1);
    expect((await world.invoke()).acknowledged).toHaveLength(1);
    const reason = 'store_unavailable: Cannot reach Qdrant';
    expect(await world.dead()).toEqual([{ body: about(world, 'a.png'), reason }]);
    expect(world.metrics.counts.get('dead_lettered store_unavailable')).toBe(1);
    const lastLine = world.lines.find(({ fate }) => fate === 'dead_lettered');
    expect(lastLine).toMatchObject({ level: 'warn', count: 1, reason });
  });

  it('leaves them to the queue where the dead-letter queue is gone', async () => {
    const { store, refuse } = refusingStore();
    const gone = { send: async () => err(failure('queue_unavailable', 'It is not there')) };
    const world = await createIndexImagesWorld(aws, { store, parts: { deadLetters: gone } });
    await world.bucket.put('a.png', red);
    await world.send(about(world, 'a.png'));
    refuse(100);
    for (let receive = 1; receive <= 5; receive += 1) {
      expect((await world.invoke()).failed).toHaveLength(1);
    }
    // The queue itself has had enough of it.
    await world.invoke();
    expect(await world.dead()).toEqual([{ body: about(world, 'a.png'), reason: undefined }]);
  });
});

describe('an encoder that has another model by now', () => {
  it('acknowledges nothing, as that says nothing about the pictures', async () => {
    const other = failure('model_mismatch', 'Cannot encode as it runs another model');
    const encoder = { ...createFakeEncoder(), encodeImages: async () => err(other) };
    const world = await createIndexImagesWorld(aws, { encoder });
    await world.bucket.put('a.png', red);
    await world.send(about(world, 'a.png'));
    for (const _ of [1, 2]) expect((await world.invoke()).failed).toHaveLength(1);
    expect((await world.invoke()).acknowledged).toHaveLength(1);
    const [dead] = await world.dead();
    expect(dead?.reason).toContain('it runs another model (model_mismatch)');
  });
});

describe('a picture that breaks the encoder', () => {
  /** Every run with such a picture in it fails as a whole. */
  function breakingEncoder(): Encoder {
    const fake = createFakeEncoder();
    return {
      ...fake,
      encodeImages: async (images, signal) =>
        images.some((image) => image.length > red.length)
          ? err(failure('encoder_unavailable', 'Cannot encode as the session has died'))
          : fake.encodeImages(images, signal),
    };
  }

  it('dies alone, and those that came with it each time are indexed', async () => {
    const world = await createIndexImagesWorld(aws, { encoder: breakingEncoder() });
    const keys = ['a.png', 'b.png', 'c.png', 'd.png', 'e.png'];
    for (const key of keys) await world.bucket.put(key, red);
    await world.bucket.put('c.png', Buffer.concat([red, Buffer.from('!')]));
    await world.send(...keys.map((key) => about(world, key)));
    for (const _ of [1, 2]) expect((await world.invoke()).failed).toHaveLength(5);
    expect(await world.invoke()).toMatchObject({ failed: [] });
    expect([...(await world.records()).keys()].toSorted()).toEqual(keys.toSpliced(2, 1));
    const reason = 'encoder_unavailable: Cannot encode as the session has died';
    expect(await world.dead()).toEqual([{ body: about(world, 'c.png'), reason }]);
  });

  it('is not looked for for long where all of them fail', async () => {
    const world = await createIndexImagesWorld(aws, { encoder: breakingEncoder() });
    const keys = Array.from({ length: 10 }, (_, n) => `${n}.png`);
    for (const key of keys) await world.bucket.put(key, Buffer.concat([red, Buffer.from('!')]));
    await world.send(...keys.map((key) => about(world, key)));
    for (const _ of [1, 2, 3]) await world.invoke();
    expect(await world.records()).toEqual(new Map());
    expect(world.metrics.counts.get('dead_lettered encoder_unavailable')).toBe(3);
    expect(world.metrics.counts.get('retried timeout')).toBe(7);
    // Thirty together, and three alone.
    expect(world.encoded()).toBe(33);
  });
});

describe('a bug', () => {
  it('gives back the message that meets it, and no other', async () => {
    const fake = createFakeEncoder();
    const encoder: Encoder = {
      ...fake,
      encodeImages: (images, signal) => {
        if (images.some((image) => image.length === red.length + 1)) throw new Error('A bug');
        return fake.encodeImages(images, signal);
      },
    };
    const world = await createIndexImagesWorld(aws, { encoder });
    for (const key of ['a.png', 'b.png', 'c.png']) await world.bucket.put(key, red);
    await world.bucket.put('b.png', Buffer.concat([red, Buffer.from('!')]));
    await world.send(...['a.png', 'b.png', 'c.png'].map((key) => about(world, key)));
    expect((await world.invoke()).failed).toEqual([about(world, 'b.png')]);
    expect([...(await world.records()).keys()].toSorted()).toEqual(['a.png', 'c.png']);
    expect(world.lines.filter(({ level }) => level === 'error').length).toBeGreaterThan(0);
    expect(world.metrics.counts.get('retried bug')).toBe(1);
  });
});

describe('an invocation that is short of time', () => {
  /** Encodes a chunk at once, and waits for the end of time with the next. */
  function slowEncoder(quickCalls: number): Encoder {
    const fake = createFakeEncoder();
    let calls = 0;
    return {
      ...fake,
      async encodeImages(images, signal) {
        calls += 1;
        if (calls <= quickCalls) return fake.encodeImages(images, signal);
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        return err(abortFailure(signal ?? AbortSignal.abort()));
      },
    };
  }

  it('acknowledges what is done and gives back the rest, without a reason to die', async () => {
    const parts = { chunkSize: 2, atOnce: 1, marginMs: 500 };
    const world = await createIndexImagesWorld(aws, { encoder: slowEncoder(2), parts });
    const keys = Array.from({ length: 8 }, (_, n) => `${n}.png`);
    for (const key of keys) await world.bucket.put(key, red);
    // In one order, and all for the third time.
    const messages = keys.map((key) => ({ id: key, body: about(world, key), receives: 3 }));
    const answer = await world.handler(sqsEvent(messages), contextWith(4000));
    expect(failedIds(answer)).toEqual(keys.slice(4));
    expect([...(await world.records()).keys()].toSorted()).toEqual(keys.slice(0, 4));
    expect(await world.dead()).toEqual([]);
    expect(world.metrics.counts.get('retried timeout')).toBe(4);
    expect(world.encoded()).toBe(6);
  });

  it('begins nothing', async () => {
    const world = await createIndexImagesWorld(aws);
    await world.bucket.put('a.png', red);
    const messages = [{ body: about(world, 'a.png') }, { body: 'not even a form' }];
    const answer = await world.handler(sqsEvent(messages), contextWith(2500));
    expect(failedIds(answer)).toEqual(['message-0', 'message-1']);
    expect(world.encoded()).toBe(0);
  });
});

describe('the generation of cached answers', () => {
  const cache = createMemoryCache({ now: () => performance.now() });

  it('has ended when the message is acknowledged, and only where something changed', async () => {
    const generation = createGeneration(cache, 'changed');
    const world = await createIndexImagesWorld(aws, { parts: { generation } });
    await world.bucket.put('a.png', red);
    const before = await generation.ensure();
    await world.send(about(world, 'a.png'));
    await world.invoke();
    const after = await generation.ensure();
    expect(after).not.toBe(before);
    await world.send(about(world, 'a.png'), about(world, 'never-there.png'));
    await world.invoke();
    expect(await cache.get([generation.key])).toEqual([after]);
  });

  it('ends with a message that was received before, as its change may not have been told', async () => {
    const generation = createGeneration(cache, 'killed');
    const world = await createIndexImagesWorld(aws, { parts: { generation } });
    await world.bucket.put('a.png', red);
    const body = about(world, 'a.png');
    await world.handler(sqsEvent([{ body }]), contextWith(60_000));
    // As if that one had died between writing and telling, and another second had passed.
    await cache.remove('generation-restless:killed');
    const before = await generation.ensure();
    const { name: bucket } = world.bucket;
    const gone = JSON.stringify({ bucket, keys: ['gone.png'] });
    await world.handler(sqsEvent([{ body: gone, receives: 2 }]), contextWith(60_000));
    expect(await generation.ensure()).not.toBe(before);
    // And what it wrote is written again: it may have been half of it.
    const event = sqsEvent([{ body, receives: 2 }, { body: about(world, 'a.png', 'gone.png') }]);
    expect(failedIds(await world.handler(event, contextWith(60_000)))).toEqual([]);
    expect(world.encoded()).toBe(2);
  });

  it('ends also when the store failed half way', async () => {
    const generation = createGeneration(cache, 'half');
    const { store, refuse } = refusingStore();
    const world = await createIndexImagesWorld(aws, { store, parts: { generation } });
    await world.bucket.put('a.png', red);
    const before = await generation.ensure();
    refuse(1);
    await world.send(about(world, 'a.png'));
    await world.invoke();
    expect(await generation.ensure()).not.toBe(before);
  });
});
