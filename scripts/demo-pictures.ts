import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import sharp from 'sharp';
import * as z from 'zod';

const IconPack = z.object({
  icons: z.record(z.string(), z.object({ body: z.string() })),
  width: z.number(),
  height: z.number(),
});
const Emoji = z.object({ hexcode: z.string(), group: z.int().optional() });
const Messages = z.object({ groups: z.array(z.object({ key: z.string(), order: z.int() })) });

const pictureSize = 192;

export interface DemoPicture {
  /** `animals-nature/dog-face.png`: the first folder becomes the category. */
  readonly key: string;
  readonly svg: string;
}

/** One drawing for every emoji of the Noto pack, in the default skin tone. */
export async function listDemoPictures(): Promise<DemoPicture[]> {
  const [pack, names, emoji, { groups }] = await Promise.all([
    readPackage('@iconify-json/noto/icons.json', IconPack),
    readPackage('@iconify-json/noto/chars.json', z.record(z.string(), z.string())),
    readPackage('emojibase-data/en/data.json', z.array(Emoji)),
    readPackage('emojibase-data/en/messages.json', Messages),
  ]);
  const groupKeys = new Map(groups.map(({ key, order }) => [order, key]));
  const pictures = emoji.flatMap(({ hexcode, group }) => {
    const hex = hexcode.toLowerCase();
    const name = names[hex] ?? names[hex.replaceAll('-fe0f', '')];
    const icon = name === undefined ? undefined : pack.icons[name];
    const folder = group === undefined ? undefined : groupKeys.get(group);
    if (icon === undefined || folder === undefined) return [];
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${pictureSize}" height="${pictureSize}" viewBox="0 0 ${pack.width} ${pack.height}">${icon.body}</svg>`;
    return [{ key: `${folder}/${name}.png`, svg }];
  });
  return [...new Map(pictures.map((picture) => [picture.key, picture])).values()];
}

/** Draws those pictures that are not there yet. */
export async function drawDemoPictures(
  directory: string,
  pictures: readonly DemoPicture[],
  onDrawn: () => void,
  signal: AbortSignal,
): Promise<void> {
  const left = pictures.values();
  const draw = async () => {
    for (const { key, svg } of left) {
      if (signal.aborted) return;
      const path = join(directory, key);
      if (!(await exists(path))) {
        await mkdir(dirname(path), { recursive: true });
        const png = await sharp(Buffer.from(svg)).png().toBuffer();
        await writeFile(path, png);
      }
      onDrawn();
      await pause(0);
    }
  };
  await Promise.all(Array.from({ length: 4 }, draw));
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    ({ size }) => size > 0,
    () => false,
  );
}

async function readPackage<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const { resolve } = createRequire(import.meta.url);
  return schema.parse(JSON.parse(await readFile(resolve(path), 'utf8')));
}
