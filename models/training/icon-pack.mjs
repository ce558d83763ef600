import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

/** Where the packages are: TRAINING_PACKAGES when they are shared, else this folder's own node_modules. */
const packages = process.env.TRAINING_PACKAGES ?? join(import.meta.dirname, 'node_modules');
const require = createRequire(join(packages, 'resolve.js'));

/** A package, or a file in one, wherever the packages are. */
export const load = (path) => require(join(packages, path));

export const sharp = load('sharp');

/** Every icon of a pack as `{ name, aliases, svg }`; an alias that turns or mirrors is another picture, so it is left out. */
export function readIcons(pack) {
  const { icons, aliases = {}, width = 16, height = 16 } = load(`@iconify-json/${pack}/icons.json`);
  const names = new Map(Object.keys(icons).map((name) => [name, []]));
  for (const [alias, { parent, ...transform }] of Object.entries(aliases)) {
    if (Object.keys(transform).length === 0) names.get(parent)?.push(alias);
  }
  return [...names].map(([name, aliases]) => {
    const { body, left = 0, top = 0, width: w = width, height: h = height } = icons[name];
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${left} ${top} ${w} ${h}" width="${w}" height="${h}">${body}</svg>`;
    return { name, aliases, svg: Buffer.from(svg), width: w };
  });
}

/** Draws an icon's vector at `size` pixels; density is chosen so that nothing is scaled up from a small raster. */
export const draw = ({ svg, width }, size) => sharp(svg, { density: Math.min(2400, (72 * size) / width) }).resize(size, size, { fit: 'contain', background: '#0000' });
