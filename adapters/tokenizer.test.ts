import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { smallTokenizer } from '../test/support/small-model.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createTokenizer, type Tokenizer } from './tokenizer.ts';

const clip = path.resolve(import.meta.dirname, '../../shared/data/clip-text');

describe('createTokenizer', () => {
  const temporaryDirectory = useTemporaryDirectories();

  async function open(content: unknown, contextLength = 8): Promise<Tokenizer> {
    const file = path.join(await temporaryDirectory(), 'tokenizer.json');
    await writeFile(file, JSON.stringify(content));
    return expectOk(await createTokenizer({ path: file, contextLength, paddingId: 9 }));
  }

  it('gives the ids between the start and the end token', async () => {
    const { encode } = await open(smallTokenizer);
    expect(encode('red DOG')).toEqual({ ids: [1, 3, 6, 2], truncated: false });
    expect(encode('purple dog')).toEqual({ ids: [1, 0, 6, 2], truncated: false });
  });

  it('cuts at the context length and keeps the end token', async () => {
    const { encode } = await open(smallTokenizer, 5);
    expect(encode('red green blue')).toEqual({ ids: [1, 3, 4, 5, 2], truncated: false });
    expect(encode('red green blue dog')).toEqual({ ids: [1, 3, 4, 5, 2], truncated: true });
  });

  it('gives the bare frame to a text without tokens', async () => {
    const { encode } = await open(smallTokenizer);
    for (const text of ['', '  \t\n '])
      expect(encode(text)).toEqual({ ids: [1, 2], truncated: false });
  });

  it('gives one padding token where there is no frame either', async () => {
    const { encode } = await open({ ...smallTokenizer, post_processor: null });
    expect(encode('')).toEqual({ ids: [9], truncated: false });
    expect(encode('dog')).toEqual({ ids: [6], truncated: false });
  });

  it('leaves out unknown words where the vocabulary has no token for them', async () => {
    const model = { ...smallTokenizer.model, unk_token: undefined };
    const { encode } = await open({ ...smallTokenizer, model });
    expect(encode('purple dog').ids).toEqual([1, 6, 2]);
  });

  it('refuses a file that is no tokenizer, and says which', async () => {
    const file = path.join(await temporaryDirectory(), 'tokenizer.json');
    for (const content of ['', 'null', '{"model":{}}', '[]']) {
      await writeFile(file, content);
      const { code, detail } = expectFailure(
        await createTokenizer({ path: file, contextLength: 8 }),
      );
      expect(code).toBe('invalid_model');
      expect(detail).toContain(file);
    }
  });

  describe.skipIf(!existsSync(clip))("CLIP's tokenizer (../shared/data/clip-text)", () => {
    const load = async (): Promise<Tokenizer> =>
      expectOk(
        await createTokenizer({ path: path.join(clip, 'tokenizer.json'), contextLength: 77 }),
      );

    it('gives the ids of the reference for 2,500 captions', async () => {
      const { encode } = await load();
      const lines = (await readFile(path.join(clip, 'captions.jsonl'), 'utf8')).trim().split('\n');
      const captions = lines.map((line) => JSON.parse(line) as { text: string; ids: number[] });
      expect(captions).toHaveLength(2500);
      const wrong = captions.filter(({ text, ids }) => encode(text).ids.join() !== ids.join());
      expect(wrong).toEqual([]);
    });

    it('reads white space, case and the forms of a letter as the same', async () => {
      const { encode } = await load();
      expect(encode(' A\tDog\n\u00A0in   SNOW ')).toEqual(encode('a dog in snow'));
      expect(encode('cafe\u0301')).toEqual(encode('café'));
    });

    it.each([
      '🐕‍🦺👍🏽',
      '一只狗在雪地里',
      '\u0000\u0007',
      '\uD83D',
      'İstanbul ſ',
      '<|endoftext|> dog',
    ])('gives ids within the frame for %j, the same each time', async (text) => {
      const { encode } = await load();
      const { ids, truncated } = encode(text);
      expect([ids[0], ids.at(-1), truncated]).toEqual([49_406, 49_407, false]);
      expect(ids.length).toBeGreaterThan(2);
      expect(encode(text).ids).toEqual(ids);
    });

    it('reads the beginning of a text without end', async () => {
      const { encode } = await load();
      for (const text of ['a'.repeat(1e6), '🐕'.repeat(1e6), 'dog '.repeat(1e6)]) {
        const { ids, truncated } = encode(text);
        expect([ids.length, ids.at(-1), truncated]).toEqual([77, 49_407, true]);
      }
    });
  });
});
