import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { failure } from '../core/failure.ts';
import { rejectsPrefix, thumbnailKey } from '../core/own-keys.ts';
import type { VectorStore } from '../core/ports.ts';
import { err } from '../core/result.ts';
import { createIndexImages, type IndexImagesParts } from '../functions/index-images/app.ts';
import type { SqsHandler } from '../scripts/local-aws/lambda-poller.ts';
import { colourOf, plainPicture } from './support/drawings.ts';
import { expectOk } from './support/expect-ok.ts';
import { bucket, type RunningLocalAws, useLocalAws } from './support/local-aws.ts';
import { createMortalProcess } from './support/mortal-process.ts';
import {
  keysBelow,
  startPipeline,
  type TestPipeline,
  thumbnailsIn,
  versionsInBucket,
  versionsInIndex,
} from './support/pipeline.ts';
import { seededRandom } from './support/random.ts';
import { similarity } from './support/similarity.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const seed = Number(process.env['CHAOS_SEED'] ?? 1);
const pictures = 500;
const startAws = useLocalAws();
const temporaryDirectory = useTemporaryDirectories();

interface Tally {
  messages: number;
  doubled: number;
  heldBack: number;
  runs: number;
  killed: number;
  storeCalls: number;
  storeFailures: number;
  redriven: number;
}

/** One in ten twice, and one in ten later than those that came after it. */
function createDelivery(random: () => number, tally: Tally) {
  const underWay = new Set<NodeJS.Timeout>();
  const later = (send: () => void) => {
    const timer = setTimeout(
      () => {
        underWay.delete(timer);
        send();
      },
      50 + random() * 1500,
    );
    underWay.add(timer);
  };
  return {
    deliver(body: string, send: (body: string) => void) {
      tally.messages += 1;
      const isHeldBack = random() < 0.1;
      tally.heldBack += Number(isHeldBack);
      if (isHeldBack) later(() => send(body));
      else send(body);
      const isDoubled = random() < 0.1;
      tally.doubled += Number(isDoubled);
      if (isDoubled) later(() => send(body));
    },
    isQuiet: () => underWay.size === 0,
  };
}

/** Fails one call in twenty: before it is done, or after. */
function withFailures(store: VectorStore, random: () => number, tally: Tally): VectorStore {
  const unreliably = async <T>(call: () => Promise<T>) => {
    tally.storeCalls += 1;
    const fails = random() < 0.05;
    tally.storeFailures += Number(fails);
    if (fails && random() < 0.5) await call();
    return fails ? err(failure('store_unavailable', 'Cannot ask the store as it is away')) : call();
  };
  return {
    ...store,
    get: (...args) => unreliably(() => store.get(...args)) as ReturnType<VectorStore['get']>,
    vectors: (...args) =>
      unreliably(() => store.vectors(...args)) as ReturnType<VectorStore['vectors']>,
    upsert: (...args) =>
      unreliably(() => store.upsert(...args)) as ReturnType<VectorStore['upsert']>,
    remove: (...args) =>
      unreliably(() => store.remove(...args)) as ReturnType<VectorStore['remove']>,
  };
}

/**
 * Each call is a process of its own, and one in twenty of them is killed halfway: of those that would be
 * some end before, so that more are tried until it is as many.
 */
function killSome(parts: IndexImagesParts, random: () => number, tally: Tally): SqsHandler {
  return (event, context) => {
    tally.runs += 1;
    const isDoomed = random() < 0.05 || tally.killed < Math.floor(tally.runs / 20);
    const process = createMortalProcess({
      diesAtStep: isDoomed ? 1 + Math.floor(random() * 5 * event.Records.length) : Infinity,
      lastStepIsDone: random() < 0.5,
    });
    const { objects, own, pictures: reader, encoder, store } = parts.indexer;
    const { ofProcess } = process;
    const handler = createIndexImages({
      ...parts,
      indexer: {
        ...parts.indexer,
        objects: ofProcess(objects),
        own: own && ofProcess(own),
        pictures: reader && ofProcess(reader),
        encoder: ofProcess(encoder),
        store: ofProcess(withFailures(store, random, tally)),
      },
      deadLetters: parts.deadLetters && ofProcess(parts.deadLetters),
      generation: parts.generation && ofProcess(parts.generation),
    });
    return Promise.race([handler(event, context), process.death]).finally(() => {
      tally.killed += Number(process.isDead());
    });
  };
}

/** What people do meanwhile: upload, then upload another picture in its place, or delete it. */
async function changeThings(aws: RunningLocalAws, random: () => number): Promise<void> {
  const keys = Array.from({ length: pictures }, (_, n) => `folder-${n % 7}/picture ${n}.png`);
  const upload = async (key: string, version: string) =>
    aws.put(key, await plainPicture(colourOf(`${key} ${version}`)), { version });
  const remove = (key: string) =>
    aws.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  async function change(key: string): Promise<void> {
    await upload(key, 'first');
    for (let more = Math.floor(random() * 3); more > 0; more -= 1) {
      if (random() < 0.3) await sleep(random() * 800);
      if (random() < 0.4) await remove(key);
      else await upload(key, `later ${more}`);
    }
  }
  const next = keys.values();
  const people = Array.from({ length: 4 }, async () => {
    for (const key of next) await change(key);
  });
  await Promise.all(people);
}

/** What an operator does: looks into the dead-letter queue, and sends back what is there. */
async function redrive(
  { queue, deadLetters }: Pick<TestPipeline, 'queue' | 'deadLetters'>,
  tally: Tally,
): Promise<void> {
  const messages = expectOk(await deadLetters.receive({ hideSeconds: 30 }));
  if (messages.length === 0) return;
  tally.redriven += messages.length;
  expectOk(await queue.send(messages.map(({ body }) => ({ body }))));
  expectOk(await deadLetters.remove(messages));
}

async function meanColour(webp: Uint8Array): Promise<number[]> {
  const { channels } = await sharp(webp).stats();
  return channels.slice(0, 3).map(({ mean }) => Math.round(mean));
}

/** Vector and thumbnail are those of the version that the record names. */
async function expectOfOneVersion({ store, objects, encoder }: TestPipeline, id: string) {
  const [record] = expectOk(await store.get([id]));
  const { bytes, info } = expectOk(await objects.get(record?.origin.key ?? ''));
  const [encoded] = expectOk(await encoder.encodeImages([bytes]));
  const { vector } = expectOk(encoded ?? err(failure('not_found', 'There is no vector')));
  const stored = expectOk(await store.vectors([id])).get(id) ?? new Float32Array();
  expect(similarity(stored, vector)).toBeGreaterThan(0.9999);
  const colour = colourOf(`${info.key} ${info.metadata?.['version']}`);
  const thumbnail = expectOk(await objects.get(thumbnailKey(id)));
  for (const [at, value] of (await meanColour(thumbnail.bytes)).entries()) {
    expect(Math.abs(value - (colour[at] ?? 0))).toBeLessThan(12);
  }
  expect(record?.metadata['version']).toBe(info.metadata?.['version']);
}

describe('the pipeline in bad weather', { timeout: 240_000 }, () => {
  it(`has in the end exactly what the bucket has, seed ${seed}`, async () => {
    const random = seededRandom(seed);
    const tally: Tally = {
      messages: 0,
      doubled: 0,
      heldBack: 0,
      runs: 0,
      killed: 0,
      storeCalls: 0,
      storeFailures: 0,
      redriven: 0,
    };
    const delivery = createDelivery(random, tally);
    const aws = await startAws({ deliver: delivery.deliver });
    const pipeline = await startPipeline({
      aws,
      directory: await temporaryDirectory(),
      handlerOf: (parts) => killSome(parts, random, tally),
      poller: { concurrency: 3, hideSeconds: 3, onError: () => undefined },
    });
    onTestFinished(() => pipeline.close());
    const begunMs = performance.now();
    await changeThings(aws, random);
    const changedMs = performance.now();
    for (;;) {
      // Asked first: what is held back may come between the count and its answer.
      const isQuiet = delivery.isQuiet();
      const [waiting, dead] = await aws.left();
      if (waiting + dead === 0 && isQuiet) break;
      await redrive(pipeline, tally);
      await sleep(100);
    }
    const tookMs = performance.now() - begunMs;
    console.log(JSON.stringify({ ...tally, changedMs: changedMs - begunMs, tookMs }));

    const { objects, store } = pipeline;
    const inBucket = await versionsInBucket(objects);
    const inIndex = await versionsInIndex(store);
    expect(inBucket.size).toBeGreaterThan(pictures / 2);
    expect(inBucket.size).toBeLessThan(pictures);
    expect(new Map([...inIndex].sort())).toEqual(new Map([...inBucket].sort()));
    expect((await thumbnailsIn(objects)).sort()).toEqual([...inBucket.keys()].sort());
    expect(await keysBelow(objects, rejectsPrefix)).toEqual([]);
    for (const id of [...inBucket.keys()].filter((_, place) => place % 4 === 0)) {
      await expectOfOneVersion(pipeline, id);
    }
    // It was bad weather.
    expect(tally.doubled).toBeGreaterThan(tally.messages / 20);
    expect(tally.heldBack).toBeGreaterThan(tally.messages / 20);
    expect(tally.killed).toBeGreaterThan(tally.runs / 40);
    expect(tally.storeFailures).toBeGreaterThan(tally.storeCalls / 50);
  });
});
