import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { computeSearchSpace } from '../core/compute-search-space.ts';
import type { Async } from '../core/failure.ts';
import type { Vector } from '../core/model.ts';
import { ok } from '../core/result.ts';
import { serializeSearchSpace } from '../core/search-space.ts';
import { runCommand, wrongArgument } from './command.ts';
import { openNpy } from './npy-reader.ts';
import { toUnit } from './space-samples.ts';

const help = `Compute the search space of a model from vectors that it made, to be shipped with it.

  npm run space -- --images V.npy --texts T.npy --write models/spaces/<model>.space

  --images <file>   rows that are images' vectors: about 10,000 of them are taken
  --texts <file>    rows that are vectors of texts such as people search for: a few hundred or more
  --write <file>    where to: the model's id with __ for /, such as ViT-B-32__openai.space
  --help            this text

What is written are means and main directions, from which no single vector can be told.
`;

const maxImages = 10_000;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      images: { type: 'string' },
      texts: { type: 'string' },
      write: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const { images, texts, write } = values;
  if (images === undefined || texts === undefined || write === undefined) {
    return wrongArgument('--images, --texts and --write are needed');
  }
  const imageRows = await readSome(images, maxImages);
  if (!imageRows.ok) return imageRows;
  const textRows = await readSome(texts, Infinity);
  if (!textRows.ok) return textRows;
  const space = computeSearchSpace({ images: imageRows.value, texts: textRows.value });
  if (!space.ok) return wrongArgument(space.error);
  const bytes = serializeSearchSpace(space.value);
  await writeFile(write, bytes);
  process.stdout.write(
    `${write}: space ${space.value.id}, ${space.value.dimensions} dimensions, ${bytes.length} bytes, of ${imageRows.value.length} images and ${textRows.value.length} texts\n`,
  );
  return ok(0);
});

/** Rows spread over the file, of length 1. */
async function readSome(path: string, most: number): Async<Vector[]> {
  const file = await openNpy(path);
  if (!file.ok) return file;
  const step = Math.ceil(file.value.rows / most) || 1;
  const some: Vector[] = [];
  let row = 0;
  for await (const page of file.value.read()) {
    if (!page.ok) return page;
    for (const vector of page.value) {
      if (row % step === 0) some.push(toUnit(vector));
      row += 1;
    }
  }
  return ok(some);
}
