import { expect, it } from 'vitest';
import { compareIds, imageId } from './image-id.ts';

it('makes an id of the first 8 bytes of the MD5 of the key', () => {
  // echo -n 'animals/dog.jpg' | md5sum → 3f65b5789b60c4a1…, read as one big-endian number
  expect(imageId('animals/dog.jpg')).toBe(BigInt('0x3f65b5789b60c4a1').toString());
});

it('gives ids beyond what a JavaScript number holds, as strings', () => {
  const ids = Array.from({ length: 100 }, (_, n) => imageId(`picture-${n}.jpg`));
  expect(ids.some((id) => BigInt(id) > BigInt(Number.MAX_SAFE_INTEGER))).toBe(true);
  expect(ids.every((id) => BigInt(id) < 2n ** 64n && BigInt(id).toString() === id)).toBe(true);
});

it('orders ids as numbers', () => {
  const ids = ['10', '9', '18446744073709551615', '0', '100'];
  expect(ids.toSorted(compareIds)).toEqual(['0', '9', '10', '100', '18446744073709551615']);
  expect(compareIds('7', '7')).toBe(0);
});
