import { create } from '@bufbuild/protobuf';
import { PointStructSchema, RetrievedPointSchema } from '@qdrant/js-client-grpc';
import { describe, expect, it } from 'vitest';
import { cosine, createPoint, randomVector } from '../test/support/points.ts';
import { createTestSpace } from '../test/support/open-qdrant.ts';
import { seededRandom } from '../test/support/random.ts';
import { idOf, idText, isPossibleId, pointOf, recordOf, vectorOf } from './qdrant-points.ts';

describe('a point in Qdrant', () => {
  const random = seededRandom(2);

  it.each([null, createTestSpace()])('comes out as it went in, with search space %#', (space) => {
    const point = createPoint('12345678901234567890', randomVector(random, 24), {
      'odd.key': ['ä\u0000', 1.5, false],
      nothing: null,
    });
    const kept = create(PointStructSchema, pointOf(point, space));
    const vectors = kept.vectors?.vectorsOptions;
    const stored = vectors?.case === 'vector' ? vectors.value.vector.value : undefined;
    const data = stored && 'data' in stored ? stored.data : [];
    expect(data).toHaveLength(space?.storedDimensions ?? 24);
    const given = create(RetrievedPointSchema, {
      payload: kept.payload,
      vectors: { vectorsOptions: { case: 'vector', value: { data: data as number[] } } },
    });
    expect(recordOf(given)).toEqual(point.record);
    const vector = vectorOf(given, space);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(cosine(vector, point.vector)).toBeCloseTo(1, 5);
  });

  it('has an id of 64 bits, exactly', () => {
    for (const id of ['0', '9007199254740993', '18446744073709551615']) {
      expect(isPossibleId(id)).toBe(true);
      expect(idText(create(PointStructSchema, { id: idOf(id) }).id)).toBe(id);
    }
    for (const id of ['', '-1', '01', '1.5', 'a', ' 1', '18446744073709551616']) {
      expect(isPossibleId(id)).toBe(false);
    }
    const uuid = { pointIdOptions: { case: 'uuid' as const, value: 'x' } };
    expect(idText(create(PointStructSchema, { id: uuid }).id)).toBeUndefined();
  });

  it('of another program is told from ours', () => {
    expect(() => recordOf(create(RetrievedPointSchema, {}))).toThrow('another program');
    expect(() => vectorOf(create(RetrievedPointSchema, {}), null)).toThrow('another program');
  });
});
