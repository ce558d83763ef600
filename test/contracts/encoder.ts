import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Vector } from '../../core/model.ts';
import type { EncodedImage, EncodedText, Encoder } from '../../core/ports.ts';
import { expectFailure, expectOk } from '../support/expect-ok.ts';
import {
  colours,
  encodeImage,
  fileFormats,
  jpegWithOrientation,
  noise,
  plain,
  pngOf,
  quarters,
  truncated,
} from '../support/images.ts';
import { similarity } from '../support/similarity.ts';

const texts = [
  'a dog playing in the snow',
  'cat',
  'two red cars on a wet street at night with lights in all the windows behind',
  'Slice of pizza!',
  'the quick brown fox jumps over the lazy dog',
  'dog',
];

const oddTexts = {
  'nothing at all': '',
  'white space': ' \t\r\n\u00A0 ',
  'control characters': '\u0000\u0007\u001B',
  emoji: '🐕‍🦺👍🏽🇨🇭',
  Chinese: '一只狗在雪地里玩耍',
  'right-to-left text': 'كلب في الثلج',
  'half a character': '\uD83D dog',
  'unseen characters': '\u200B\u200D\uFEFF',
  'combining marks without a letter': '\u0301\u0301',
  'as much as a query may have': 'dog '.repeat(128),
  'as many emoji': '🐕'.repeat(512),
};

/** What every encoder does, whatever runs the model. */
export function describeEncoder(name: string, createEncoder: () => Promise<Encoder>): void {
  describe(`${name} is an encoder`, () => {
    let encoder: Encoder;
    beforeAll(async () => {
      encoder = await createEncoder();
    });
    afterAll(() => encoder.close());

    const encodeText = async (text: string): Promise<EncodedText> => {
      const [encoded] = expectOk(await encoder.encodeTexts([text]));
      if (!encoded) throw new Error('Cannot go on as no text came back');
      return encoded;
    };
    const encodePicture = async (file: Uint8Array): Promise<EncodedImage> => {
      const [encoded] = expectOk(await encoder.encodeImages([file]));
      if (!encoded) throw new Error('Cannot go on as no picture came back');
      return expectOk(encoded);
    };
    const expectUnit = (vector: Vector): void => {
      expect(vector).toHaveLength(encoder.model.dimensions);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    };

    it('gives one unit vector a text, in order', async () => {
      const encoded = expectOk(await encoder.encodeTexts(texts));
      expect(encoded).toHaveLength(texts.length);
      for (const { vector } of encoded) expectUnit(vector);
      const [first, , , , , last] = encoded;
      expect(similarity((await encodeText('dog')).vector, last?.vector)).toBeGreaterThan(0.99999);
      expect(similarity(first?.vector, last?.vector)).toBeLessThan(0.999);
    });

    it('gives a text the same vector alone and among others', async () => {
      const many = Array.from({ length: 12 }, (_, round) =>
        texts.map((text) => `${text} ${round}`),
      );
      const mixed = [...texts, ...many.flat()];
      const together = expectOk(await encoder.encodeTexts(mixed));
      for (const [place, text] of texts.entries()) {
        const alone = await encodeText(text);
        expect(similarity(alone.vector, together[place]?.vector)).toBeGreaterThan(0.99999);
        expect(together[place]?.truncated).toBe(alone.truncated);
      }
    });

    it('gives the same vectors when asked from many sides at once', async () => {
      const all = await Promise.all(Array.from({ length: 20 }, () => encodeText('a red car')));
      for (const { vector } of all)
        expect(similarity(vector, all[0]?.vector)).toBeGreaterThan(0.99999);
    });

    it('gives nothing for nothing', async () => {
      expect(expectOk(await encoder.encodeTexts([]))).toEqual([]);
      expect(expectOk(await encoder.encodeImages([]))).toEqual([]);
    });

    it('says that a text was longer than the model can read, and only then', async () => {
      const tooLong = 'dog '.repeat(encoder.model.contextLength + 1);
      expect(await encodeText(tooLong)).toMatchObject({ truncated: true });
      expect(await encodeText('dog dog')).toMatchObject({ truncated: false });
    });

    it.each(Object.entries(oddTexts))('encodes %s', async (_, text) => {
      const alone = await encodeText(text);
      expectUnit(alone.vector);
      const [, among] = expectOk(await encoder.encodeTexts(['dog', text, 'a red car']));
      expect(similarity(alone.vector, among?.vector)).toBeGreaterThan(0.99999);
    });

    it('gives one unit vector and the size for a picture of every format', async () => {
      const upright = quarters(60, 40);
      const expected = await encodePicture(await encodeImage(upright, 'png'));
      const another = await encodePicture(await pngOf(colours.black));
      for (const format of fileFormats) {
        const encoded = await encodePicture(await encodeImage(upright, format));
        expect(encoded).toMatchObject({ width: 60, height: 40 });
        expectUnit(encoded.vector);
        // How much a model minds a format's losses is its own affair.
        const likeness = similarity(encoded.vector, expected.vector);
        expect(likeness).toBeGreaterThan(0.7);
        expect(likeness).toBeGreaterThan(similarity(encoded.vector, another.vector) + 0.1);
      }
    });

    it('encodes more pictures than one run takes, in order', async () => {
      const names = Object.values(colours);
      const files = await Promise.all(names.map((colour) => pngOf(colour)));
      const many = Array.from(
        { length: 70 },
        (_, place) => files[place % files.length] ?? Buffer.of(),
      );
      const all = expectOk(await encoder.encodeImages(many)).map((one) => expectOk(one));
      expect(all).toHaveLength(many.length);
      for (const [place, file] of files.entries()) {
        const alone = await encodePicture(file);
        for (let at = place; at < all.length; at += files.length) {
          expect(similarity(alone.vector, all[at]?.vector)).toBeGreaterThan(0.99999);
        }
      }
    });

    it('lets a bad picture fail alone, in its place', async () => {
      const good = await pngOf(colours.blue);
      const damaged = truncated(await encodeImage(noise(64, 64), 'jpeg'));
      const files = [good, Buffer.from('not a picture'), good, Buffer.of(), damaged, good];
      const results = expectOk(await encoder.encodeImages(files));
      const codes = results.map((one) => (one.ok ? 'ok' : one.error.code));
      expect(codes).toEqual(['ok', 'not_an_image', 'ok', 'image_empty', 'image_corrupt', 'ok']);
      const alone = await encodePicture(good);
      for (const place of [0, 2, 5]) {
        const { vector } = expectOk(results[place] ?? { ok: true, value: alone });
        expect(similarity(vector, alone.vector)).toBeGreaterThan(0.99999);
      }
    });

    it('gives each its failure when all pictures are bad', async () => {
      const results = expectOk(await encoder.encodeImages([Buffer.of(), Buffer.from('text')]));
      expect(results.map((one) => expectFailure(one).code)).toEqual([
        'image_empty',
        'not_an_image',
      ]);
    });

    it('sees a picture turned by EXIF as a viewer shows it', async () => {
      const upright = quarters(80, 56);
      // The same compression on both sides: what is left to differ is the turn.
      const expected = await encodePicture(await jpegWithOrientation(upright, 1));
      for (const orientation of [3, 6, 8]) {
        const encoded = await encodePicture(await jpegWithOrientation(upright, orientation));
        expect(encoded).toMatchObject({ width: 80, height: 56 });
        expect(similarity(encoded.vector, expected.vector)).toBeGreaterThan(0.9);
      }
    });

    it('leaves the bytes of a picture to the caller, unchanged', async () => {
      const file = await encodeImage(plain(colours.red), 'png');
      const before = Buffer.from(file);
      await encodePicture(file);
      expect(file.equals(before)).toBe(true);
    });

    it('does not begin when the request is cancelled or out of time', async () => {
      const file = await pngOf(colours.red);
      const cancelled = AbortSignal.abort();
      expect(expectFailure(await encoder.encodeTexts(['dog'], cancelled)).code).toBe('cancelled');
      expect(expectFailure(await encoder.encodeImages([file], cancelled)).code).toBe('cancelled');
      const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
      expect(expectFailure(await encoder.encodeTexts(['dog'], late)).code).toBe('timeout');
      expect(expectFailure(await encoder.encodeImages([file], late)).code).toBe('timeout');
    });

    it('encodes nothing after it was closed, however often', async () => {
      const other = await createEncoder();
      await other.close();
      await other.close();
      const file = await pngOf(colours.red);
      expect(expectFailure(await other.encodeTexts(['dog'])).code).toBe('encoder_unavailable');
      expect(expectFailure(await other.encodeImages([file])).code).toBe('encoder_unavailable');
    });
  });
}
