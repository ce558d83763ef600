/**
 * The product reads the tokenizer in Node, training in Python: both must give the same ids.
 * Usage: node check-tokenizer.mjs <tokenizer.json> <expected.json>   where expected is [{ text, ids }].
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { load } from './icon-pack.mjs';

const { Tokenizer } = load('@huggingface/tokenizers');
const [file, expectedFile] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const tokenizer = new Tokenizer(read(file), {});
const expected = read(expectedFile);
for (const { text, ids } of expected) assert.deepEqual(tokenizer.encode(text).ids, ids, text);
console.log(`${expected.length} texts tokenized alike`);
