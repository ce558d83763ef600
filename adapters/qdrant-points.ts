import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type PointStruct,
  type PointStructSchema,
  type RetrievedPoint,
  toDenseVector,
} from '@qdrant/js-client-grpc';
import type { ImageRecord, Vector } from '../core/model.ts';
import type { Point } from '../core/ports.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { metadataFacets } from './facets.ts';
import { facetsField } from './qdrant-filter.ts';

type PointId = NonNullable<PointStruct['id']>;
type PointIdInit = NonNullable<MessageInitShape<typeof PointStructSchema>['id']>;

/** The payload field that has a picture's record, as JSON: it comes out exactly as it went in. */
const recordField = 'record';

/** What to ask for with a point: its record alone. */
export const withRecord = {
  selectorOptions: { case: 'include' as const, value: { fields: [recordField] } },
};

export const withVector = { selectorOptions: { case: 'enable' as const, value: true } };

/** A point as Qdrant keeps it. */
export function pointOf(
  { record, vector }: Point,
  space: SearchSpace | null,
): MessageInitShape<typeof PointStructSchema> {
  const values = metadataFacets(record.metadata).map((facet) => ({
    kind: { case: 'stringValue' as const, value: facet },
  }));
  const data = Array.from(space ? space.toStored(vector) : vector);
  return {
    id: idOf(record.id),
    payload: {
      [recordField]: { kind: { case: 'stringValue', value: JSON.stringify(record) } },
      [facetsField]: { kind: { case: 'listValue', value: { values } } },
    },
    vectors: {
      vectorsOptions: {
        case: 'vector',
        value: { vector: { case: 'dense', value: { data } } },
      },
    },
  };
}

export function recordOf({ payload }: Pick<RetrievedPoint, 'payload'>): ImageRecord {
  const field = payload[recordField]?.kind;
  if (field?.case === 'stringValue') return JSON.parse(field.value) as ImageRecord;
  throw new Error('Cannot read a point of Qdrant as it has no record: another program wrote it');
}

/** As the model made it, unit length. */
export function vectorOf({ vectors }: RetrievedPoint, space: SearchSpace | null): Vector {
  const output = vectors?.vectorsOptions;
  const dense = output?.case === 'vector' ? toDenseVector(output.value) : undefined;
  if (!dense) {
    throw new Error('Cannot read a point of Qdrant as it has no vector: another program wrote it');
  }
  const stored = Float32Array.from(dense.data);
  return space ? space.fromStored(stored) : stored;
}

/** An id is an unsigned 64-bit integer there, and a decimal string here. */
export function idOf(id: string): PointIdInit {
  return { pointIdOptions: { case: 'num', value: BigInt(id) } };
}

/** `undefined` for an id that no picture can have, such as the UUID of another program's point. */
export function idText(id: PointId | undefined): string | undefined {
  const given = id?.pointIdOptions;
  return given?.case === 'num' ? given.value.toString() : undefined;
}

/** Whether a picture can have this id at all. */
export function isPossibleId(id: string): boolean {
  return /^(0|[1-9]\d{0,19})$/.test(id) && BigInt(id) < 2n ** 64n;
}
