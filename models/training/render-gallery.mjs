/**
 * Draws a pack the way the product sees pictures: a 256 px PNG, then the product's own pixel recipe.
 * Usage: node render-gallery.mjs <pack> <size> <folder>   writes <pack>.rgb (n × size × size × 3 bytes) and <pack>.json (names).
 */
import { writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { draw, readIcons, sharp } from './icon-pack.mjs';

const TONED = /-(light|medium-light|medium|medium-dark|dark)(-skin-tone)?(-|$)|-tone[1-5]/;
/** Names that end in a tone's word without being a tone. */
const NOT_TONED = /^(hollow|large|white|black).*-medium-|medium-(small-)?square|traffic-light|light-rail|light-bulb|police-car-light|flashlight/;

const [pack, sizeText, folder] = process.argv.slice(2);
const size = Number(sizeText);
await mkdir(folder, { recursive: true });
const icons = readIcons(pack).filter(({ name }) => !TONED.test(name) || NOT_TONED.test(name));
const pictures = [];
for (const icon of icons) {
  const png = await draw(icon, 256).png().toBuffer();
  pictures.push(await sharp(png).rotate().flatten({ background: '#fff' }).resize(size, size, { fit: 'cover', position: 'centre', kernel: 'cubic' }).removeAlpha().raw().toBuffer());
}
await writeFile(join(folder, `${pack}.rgb`), Buffer.concat(pictures));
await writeFile(join(folder, `${pack}.json`), JSON.stringify(icons.map(({ name, aliases }) => ({ name, aliases }))));
console.log(`${icons.length} pictures of ${pack} drawn`);
