import { describe, expect, it } from 'vitest';
import {
  decodePixels,
  largestDifference,
  meanDifference,
  recipeOf,
  rough,
} from '../test/support/decode-picture.ts';
import { colours, noise, plain, type RawImage, rawImage } from '../test/support/images.ts';

/**
 * The red channel of `rough` as an 8 x 8 square, in hexadecimal, by Pillow 13: resized with its
 * antialiasing to whole pixels, then cropped as torchvision does.
 */
const reference = [
  [
    5,
    3,
    'crop',
    'cubic',
    '08182734424f5d6b1021303f4d5b697924364656667a90a3405566778aa0bacf5a71869cacb1b3be7690a9c6d0ae7c6d8aa5c1e5e9a74c2992aeccf2f4a63c11',
  ],
  [
    5,
    3,
    'squash',
    'linear',
    '0010273e566d849404142b435b738a9a1a2c46607b95afc13044617d9ab7d4e8465c7b9babacc8de5c7496b8ac748da5728cb1d5ae3c526c7690b5daae334862',
  ],
  [
    5,
    3,
    'squash',
    'cubic',
    '000720364d647d8d020f294159718b9b13233f587699b7c72c3f5f7a9cc4e5f844597d9fb1b6d6ed5e759dcab76f89a77088b3e9b933476c7890bcf6bb1d3057',
  ],
  [
    3,
    5,
    'crop',
    'cubic',
    '141724364859676c2c334155697d8b92434b5a70879fb1b95a617189a5c5dde770788aa4bed8eaf2858facced6c3b1ac9ba7cdf5e59c5f49b7bdd4e9ce81432c',
  ],
  [
    3,
    5,
    'squash',
    'linear',
    '0002101e2c3a484a1a1c2c3c4c5b6b6d3f425466798b9da064677c91a6bacfd3888ca4bbc4bdb6b5adb1cce6d3925348d2ceb49b887a6d6bece19f5e4c6b898e',
  ],
  [
    3,
    5,
    'squash',
    'cubic',
    '0000081828374348121623344657656a3a4150657a8f9ea65e66768eaacbe3ed818ba5c5d2cac0bea6b1d5fae28e482fe0d5bb9880706761ffea9f473362909e',
  ],
  [
    1,
    2,
    'crop',
    'cubic',
    '020202020202020208080808080808081010101010101010191919191919191922222222222222222b2b2b2b2b2b2b2b33333333333333333939393939393939',
  ],
  [
    1,
    2,
    'squash',
    'linear',
    '0000000000000000000000000000000007070707070707071616161616161616252525252525252534343434343434343b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b',
  ],
  [
    13,
    9,
    'crop',
    'cubic',
    '6496abbd17486280b0d0656c79c68857755f79a04b6e88ec7fa43f7d7faa4573b45eb8915a51933b5cc2aa9b6044519facaeae73895c446f9d9a73a36a897d5d',
  ],
  [
    13,
    9,
    'squash',
    'linear',
    '195491af544d6fa25fa0b46e79b06e70a5a06b826c73a9a8bb8090637d8c60bc749a7ea16d636c707780a8a4734a75696d78b19b7d6152b1989592877f7b798a',
  ],
  [
    13,
    9,
    'squash',
    'cubic',
    '104e91bd4f416da857a4c36475c06766aba8598d6a65bbacc677995282964eca6aa373af68606c66787cadaa753d7c656872bb987e604abc9a939187817d7689',
  ],
  [
    7,
    30,
    'crop',
    'cubic',
    'a53e679b5e266f6bdf962a60a46b2ca2e7cd93345dc58b3f32dcd0955166f5b1734e0c81ce8d5d30a77f53442245d5a3edd2a47a544d66467353c6e8c9ae8e79',
  ],
  [
    7,
    30,
    'squash',
    'linear',
    '637e8c889192739e8682898d9298948e737a777878787e839f94756a6d727a788e83808276738d6d7c7e949f8a6f6d628692927e6f7c8d5790857a7d7d797547',
  ],
  [
    7,
    30,
    'squash',
    'cubic',
    '5f808f8491946ca18c838790989a958e7176797776777d83a09b71656a6f7c788e817f867874946c787897a88b6667628697937a6b8299559483787f7d777644',
  ],
  [
    21,
    30,
    'crop',
    'cubic',
    '76a38c5a7f768266767085868d8a5b728a627c6e70778a87887695857e7f857185866e7a7e56ad8f8f845b71989fb2b1798778917a5c84c3a1707688858e6e91',
  ],
  [
    21,
    30,
    'squash',
    'linear',
    '7d8b7c7a8b816ca7869284687d7985817779827c8881696e89708279757c8a7c857c7a7d816b97878787687c8a88a9b08d7d7889817b7ba8847c6f8f9585736a',
  ],
] as const;

/** Red rises from left to right and green downwards, on the scale of 0 to 250 over the picture. */
function slopes(width: number, height: number): RawImage {
  const at = (place: number, length: number): number => Math.round(((place + 0.5) / length) * 250);
  return rawImage(width, height, (x, y) => [at(x, width), at(y, height), 0]);
}

describe('decodeSquare makes a square and', () => {
  it.each(reference)(
    'makes of %i x %i pixels what the reference does: %s, %s',
    async (width, height, fit, kernel, red) => {
      const square = await decodePixels(rough(width, height), recipeOf(8, { fit, kernel }));
      const found = square.filter((_, at) => at % 3 === 0);
      const expected = Buffer.from(red, 'hex');
      // Enlarging is exact; shrinking takes the pixels beyond the edge to be like those at it.
      if (width < 8 && height < 8) {
        expect(largestDifference(found, expected)).toBeLessThanOrEqual(1);
      } else expect(meanDifference(found, expected)).toBeLessThan(2);
    },
  );

  it.each([
    [40, 30],
    [1080, 721],
    [333, 1001],
    [31, 33],
    [700, 33],
    [33, 2001],
    [20_000, 10],
    [10, 20_000],
  ])('shows the middle, or everything, of %i x %i pixels in its place', async (width, height) => {
    const short = Math.min(width, height);
    for (const size of [32, 50]) {
      const image = slopes(width, height);
      for (const fit of ['crop', 'squash'] as const) {
        const square = await decodePixels(image, recipeOf(size, { fit, kernel: 'linear' }));
        const [across, down] = fit === 'crop' ? [short / width, short / height] : [1, 1];
        const expected = (place: number, share: number): number =>
          (0.5 + ((place + 0.5) / size - 0.5) * share) * 250;
        // A crop begins at a whole pixel: up to one beside the exact middle.
        const near = (share: number): number => (share < 1 ? (250 / size) * share : 0) + 1.5;
        for (const [x, y] of [
          [3, 5],
          [size / 2, size / 2],
          [size - 4, 7],
          [9, size - 5],
        ] as const) {
          const [red = -99, green = -99] = square.subarray((y * size + x) * 3);
          expect(Math.abs(red - expected(x, across)), `${x}, ${y}`).toBeLessThan(near(across));
          expect(Math.abs(green - expected(y, down)), `${x}, ${y}`).toBeLessThan(near(down));
        }
      }
    }
  });

  it.each([
    ['1 x 65,000', 1, 65_000],
    ['65,000 x 1', 65_000, 1],
    ['1 x 1', 1, 1],
  ])('takes little memory for %s pixels', async (_, width, height) => {
    const image = plain(colours.green, width, height);
    for (const fit of ['crop', 'squash'] as const) {
      const before = process.memoryUsage.rss();
      const square = await decodePixels(image, recipeOf(224, { fit }));
      expect(process.memoryUsage.rss() - before).toBeLessThan(150e6);
      expect(square.every((value, at) => value === colours.green[at % 3])).toBe(true);
    }
  });

  it('cuts off nothing that a picture of the right size has', async () => {
    const image = noise(64, 64);
    for (const fit of ['crop', 'squash'] as const) {
      expect(Buffer.from(await decodePixels(image, recipeOf(64, { fit })))).toEqual(
        Buffer.from(image.data),
      );
    }
  });
});
