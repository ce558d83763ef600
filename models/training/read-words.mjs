/**
 * Collects what the emoji packages say about each emoji into one file that Python can read.
 * Usage: node read-words.mjs <file>   writes [{ hexcode, group, label, shortcodes, keywords }].
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { load } from './icon-pack.mjs';

const emojis = load('emojibase-data/en/data.json');
const shortcodeSets = ['cldr', 'emojibase', 'github', 'iamcal', 'joypixels'].map((set) => load(`emojibase-data/en/shortcodes/${set}.json`));
const { EMOJI_KEYWORDS: searchWords } = load('emoogle-emoji-search-engine');
const library = load('emojilib');
const pickerWords = new Map(Object.values(load('@emoji-mart/data').emojis).map(({ name, keywords, skins }) => [skins[0].native, [name, ...keywords]]));

/** The same emoji is written with and without its variation selector. */
const lookUp = (get, emoji) => get(emoji) ?? get(emoji.replaceAll('\uFE0F', '')) ?? get(`${emoji}\uFE0F`) ?? [];

const words = emojis.map(({ hexcode, emoji, label, tags = [], group = null }) => ({
  hexcode,
  group,
  label,
  shortcodes: shortcodeSets.flatMap((set) => set[hexcode] ?? []),
  keywords: [...tags, ...[(e) => searchWords[e], (e) => library[e], (e) => pickerWords.get(e)].flatMap((get) => lookUp(get, emoji))],
}));

const [file] = process.argv.slice(2);
await mkdir(dirname(file), { recursive: true });
await writeFile(file, JSON.stringify(words));
console.log(`${words.length} emojis described`);
