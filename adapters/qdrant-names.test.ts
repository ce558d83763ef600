import { describe, expect, it } from 'vitest';
import { nextNumber, numberOf, physicalName } from './qdrant-names.ts';

describe('the name of a collection', () => {
  it('says alias, model and generation', () => {
    const name = physicalName('images', 'ViT-H-14/laion2b_s32b_b79k', 3);
    expect(name).toBe('images__vit-h-14-laion2b-s32b-b79k__3');
    expect(numberOf('images', name)).toBe(3);
  });

  it('is short and plain whatever the model is called', () => {
    for (const id of ['', '///', 'Ünï/cødé', 'x'.repeat(500), '-a-']) {
      const name = physicalName('a', id, 1);
      expect(name).toMatch(/^a__[a-z0-9]([a-z0-9-]*[a-z0-9])?__1$/);
      expect(name.length).toBeLessThan(128);
      expect(numberOf('a', name)).toBe(1);
    }
  });

  it('is never taken for one of another alias', () => {
    const name = physicalName('a__b', 'demo', 7);
    expect(numberOf('a__b', name)).toBe(7);
    for (const alias of ['a', 'a_', 'a__', 'a__b__demo']) {
      expect(numberOf(alias, name)).toBeUndefined();
    }
    expect(numberOf('images', 'images')).toBeUndefined();
    expect(numberOf('images', 'images__demo__x')).toBeUndefined();
  });

  it('has a number above all that are there', () => {
    expect(nextNumber('a', [])).toBe(1);
    expect(nextNumber('a', ['a__demo__9', 'a__vit__10', 'b__demo__50', 'a'])).toBe(11);
  });
});
