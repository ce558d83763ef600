import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { createDirectoryObjects } from '../../adapters/directory-objects.ts';
import { createMemoryStore } from '../../adapters/memory-store.ts';
import { createOnnxEncoder } from '../../adapters/onnx-encoder.ts';
import { createPictureReader } from '../../adapters/picture-reader.ts';
import { indexObjects } from '../../core/index-objects.ts';
import type { Encoder, Point, VectorStore } from '../../core/ports.ts';
import { drawDemoPictures, listDemoPictures } from '../../scripts/demo-pictures.ts';
import { expectOk } from './expect-ok.ts';

/** A file name that is markup. Its picture is a dog's face. */
export const hostileName = '<img src=x onerror="document.title=1">.png';

/** Found as a fox, and cannot be shown: it was overwritten since. */
export const brokenPicture = 'animals-nature/fox.png';

/** Of the demo pictures, so many of each kind. */
const kinds: Readonly<Record<string, number>> = {
  'animals-nature': 130,
  'food-drink': 90,
  'travel-places': 40,
  objects: 40,
};

/** Pictures that were really indexed, by the model that is built in. */
export interface PageIndex {
  readonly encoder: Encoder;
  readonly points: readonly Point[];
  /** Id of the picture of this key. */
  idOf(key: string): string;
  close(): Promise<void>;
}

/** @param directory Empty; the pictures are drawn into it. */
export async function openPageIndex(directory: string): Promise<PageIndex> {
  const encoder = expectOk(await createOnnxEncoder({ directory: 'models/demo', device: 'cpu' }));
  await drawSome(directory);
  const points: Point[] = [];
  const memory = createMemoryStore({ dimensions: encoder.model.dimensions });
  const store: VectorStore = {
    ...memory,
    upsert(added) {
      points.push(...structuredClone(added));
      return memory.upsert(added);
    },
  };
  const objects = createDirectoryObjects(directory);
  const failed: string[] = [];
  const indexed = await indexObjects(
    { encoder, store },
    {
      objects,
      pictures: createPictureReader(),
      place: false,
      batchSize: 64,
      async onOutcomes(outcomes) {
        for (const { path, outcome } of outcomes) if (outcome === 'failed') failed.push(path);
      },
    },
  );
  expectOk(indexed);
  if (failed.length > 0) throw new Error(`Cannot index: ${failed.join(', ')}`);
  await writeFile(join(directory, brokenPicture), 'damaged');
  return {
    encoder,
    points,
    idOf(key) {
      const found = points.find(({ record }) => record.origin.key === key);
      if (found === undefined) throw new Error(`Not in the index: ${key}`);
      return found.record.id;
    },
    close: () => encoder.close(),
  };
}

async function drawSome(directory: string): Promise<void> {
  const all = await listDemoPictures();
  const chosen = Object.entries(kinds).flatMap(([kind, count]) =>
    all.filter(({ key }) => key.startsWith(`${kind}/`)).slice(0, count),
  );
  await drawDemoPictures(directory, chosen, () => {}, new AbortController().signal);
  const nature = join(directory, 'animals-nature');
  await mkdir(nature, { recursive: true });
  await rename(join(nature, 'dog-face.png'), join(nature, hostileName));
  // Wide, tall and large, as photographs are and pictograms are not.
  const photo = { create: { width: 1600, height: 900, channels: 3, background: '#3a7' } } as const;
  await writeFile(join(directory, 'objects/green-wall.jpg'), await sharp(photo).jpeg().toBuffer());
}

/** One that is not in the index, as a file that somebody may add. */
export async function drawPicture(key: string): Promise<Buffer> {
  const found = (await listDemoPictures()).find((picture) => picture.key === key);
  if (found === undefined) throw new Error(`Not a demo picture: ${key}`);
  return sharp(Buffer.from(found.svg)).png().toBuffer();
}
