/**
 * Draws the training packs once: RGBA, so that training can put any background behind them.
 * Usage: node render-icons.mjs <folder>   writes icons.rgba (n × 72 × 72 × 4 bytes) and icons.json (pack, name, aliases).
 */
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { draw, readIcons } from './icon-pack.mjs';

const SIZE = 72;
const PACKS = ['noto', 'noto-v1', 'twemoji', 'emojione', 'flat-color-icons'];
const TONED = /-(light|medium-light|medium|medium-dark|dark)-skin-tone|-tone[1-5]|-(light|medium|dark)-skin/;
/** Of the five skin tones the two extremes are kept, of one pack: enough to learn that tone is not meaning. */
const KEPT_TONE = /^(?!.*-skin-tone-).*-(light|dark)-skin-tone$/;

const isWanted = (pack, name) => !TONED.test(name) || (pack === 'noto' && KEPT_TONE.test(name) && !name.includes('medium'));

const [folder] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const pixels = createWriteStream(join(folder, 'icons.rgba'));
const index = [];
for (const pack of PACKS) {
  for (const icon of readIcons(pack).filter(({ name }) => isWanted(pack, name))) {
    pixels.write(await draw(icon, SIZE).ensureAlpha().raw().toBuffer());
    index.push({ pack, name: icon.name, aliases: icon.aliases });
  }
}
await new Promise((done) => pixels.end(done));
await writeFile(join(folder, 'icons.json'), JSON.stringify(index));
console.log(`${index.length} icons drawn`);
