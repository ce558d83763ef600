import { describe, expect, it } from 'vitest';
import { cosine } from '../test/support/points.ts';
import { createClipLike } from './clip-like.ts';
import { meanOf } from './clip-clusters.ts';

describe('Vectors like those of CLIP', () => {
  const like = createClipLike({ seed: 1, dimensions: 512 });
  const images = like.images(0, 3000);
  const texts = like.texts(100);

  it('are the same for a row, in whatever batch it is made', () => {
    const again = createClipLike({ seed: 1, dimensions: 512 });
    expect(again.images(1234, 1)[0]).toEqual(images[1234]);
    expect(again.texts(2, 50)).toEqual(texts.slice(50, 52));
    expect(createClipLike({ seed: 2, dimensions: 512 }).images(1234, 1)[0]).not.toEqual(
      images[1234],
    );
  });

  it.each([64, 100, 256, 1024])('have unit length at %i dimensions', (dimensions) => {
    const other = createClipLike({ seed: 1, dimensions });
    for (const vector of [...other.images(0, 20), ...other.texts(20)]) {
      expect(vector).toHaveLength(dimensions);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
  });

  it('keep texts as far from images as a CLIP model does', () => {
    const [image, text] = [meanOf(images), meanOf(texts)];
    // Of ViT-B/32: .686, .862 and .188.
    expect(Math.hypot(...image)).toBeCloseTo(0.69, 1);
    expect(Math.hypot(...text)).toBeCloseTo(0.86, 1);
    expect(cosine(image, text)).toBeGreaterThan(0.15);
    expect(cosine(image, text)).toBeLessThan(0.23);
  });

  it('have near neighbours, which chance has not', () => {
    const nearest = images.slice(0, 50).map((image, row) => {
      const cosines = images.map((other, index) => (index === row ? -1 : cosine(image, other)));
      return Math.max(...cosines);
    });
    expect(nearest.toSorted((a, b) => a - b)[25]).toBeGreaterThan(0.7);
  });
});
