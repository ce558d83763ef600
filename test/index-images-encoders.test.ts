import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { createOnnxEncoder } from '../adapters/onnx-encoder.ts';
import type { Encoder, VectorStore } from '../core/ports.ts';
import { createRemoteEncoder } from '../http/remote-encoder.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { useEncodeServers } from './support/encode-server.ts';
import { expectOk } from './support/expect-ok.ts';
import { freePort } from './support/redis-server.ts';
import { createIndexImagesWorld } from './support/index-images-world.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const root = join(import.meta.dirname, '..');
const temporaryDirectory = useTemporaryDirectories();
const { serve, start } = useEncodeServers();

let aws: AwsServer;
let encoder: Encoder;
const pictures = new Map<string, Buffer>();
beforeAll(async () => {
  aws = await startAws();
  encoder = await openEncoder();
  for (const name of ['red', 'green', 'blue']) {
    const file = join(root, 'test/fixtures/pictures/colours', `${name}.png`);
    pictures.set(`colours/${name}.png`, await readFile(file));
  }
});
afterAll(() => encoder?.close());

async function openEncoder(): Promise<Encoder> {
  return expectOk(await createOnnxEncoder({ directory: join(root, 'models/demo'), device: 'cpu' }));
}

async function openStore(): Promise<VectorStore> {
  const directory = await temporaryDirectory();
  const settings = { collection: 'images', m: 16, efConstruct: 200, ef: undefined };
  const options = { ...settings, directory, model: encoder.model, searchSpace: null };
  const store = expectOk(await createEmbeddedStore(options));
  onTestFinished(() => store.close());
  return store;
}

/** Keys by how well they fit a text. */
async function search(store: VectorStore, text: string): Promise<string[]> {
  const [encoded] = expectOk(await encoder.encodeTexts([text]));
  const vector = encoded?.vector ?? new Float32Array();
  const matches = expectOk(await store.query({ vector, limit: 10 }));
  return matches.map(({ record }) => record.origin.key);
}

describe('the indexing function', () => {
  it.each(['here', 'another process'])(
    'finds what it indexed with a model in %s',
    async (place) => {
      const used =
        place === 'here'
          ? encoder
          : expectOk(
              await createRemoteEncoder({
                baseUrl: await serve(await openEncoder()),
                timeoutMs: 30_000,
              }),
            );
      const store = await openStore();
      const world = await createIndexImagesWorld(aws, { encoder: used, store });
      for (const [key, bytes] of pictures) await world.bucket.put(key, bytes);
      await world.send(JSON.stringify({ bucket: world.bucket.name, keys: [...pictures.keys()] }));
      expect(await world.invoke()).toMatchObject({ failed: [] });
      expect((await search(store, 'red'))[0]).toBe('colours/red.png');
      expect((await search(store, 'blue'))[0]).toBe('colours/blue.png');
      const record = (await world.records()).get('colours/red.png');
      const local = expectOk(
        await encoder.encodeImages([pictures.get('colours/red.png') ?? Buffer.of()]),
      );
      const vectors = expectOk(await store.vectors([record?.id ?? '']));
      const kept = vectors.get(record?.id ?? '') ?? new Float32Array();
      const made = local[0]?.ok ? local[0].value.vector : new Float32Array();
      const cosine = made.reduce((sum, value, at) => sum + value * (kept[at] ?? 0), 0);
      expect(cosine).toBeGreaterThan(0.9999);
    },
  );

  it('goes on when the other process is back', async () => {
    const port = await freePort();
    const first = await start(await openEncoder(), {}, port);
    const options = { baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 5000 };
    const remote = expectOk(await createRemoteEncoder(options));
    const world = await createIndexImagesWorld(aws, { encoder: remote });
    await first.close(0);
    for (const [key, bytes] of pictures) await world.bucket.put(key, bytes);
    const { name } = world.bucket;
    await world.send(...pictures.keys().map((key) => JSON.stringify({ bucket: name, key })));
    expect(await world.invoke()).toMatchObject({ acknowledged: [] });
    expect(await world.records()).toEqual(new Map());
    expect(world.metrics.counts.get('retried encoder_unavailable')).toBe(3);
    await start(await openEncoder(), {}, port);
    await world.drain();
    expect((await world.records()).size).toBe(3);
    expect(await world.dead()).toEqual([]);
  });
});
