import type { CollectionConfig } from '@qdrant/js-client-grpc';
import * as z from 'zod';
import { type Failure, failure } from '../core/failure.ts';
import type { Effort, ModelInfo } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { SearchSpace } from '../core/search-space-form.ts';
import { parseSearchSpace, serializeSearchSpace } from '../core/search-space.ts';

export type Model = Pick<ModelInfo, 'id' | 'revision' | 'dimensions'>;
export type StoredEffort = Pick<Effort, 'ef' | 'oversampling'>;

const formatVersion = 1;

/** What Qdrant keeps beside a collection, under its own keys. */
const Metadata = z.object({
  /** Of the collection as a whole: its payload and this. */
  format: z.literal(formatVersion),
  model: z.string(),
  revision: z.string(),
  dimensions: z.int(),
  /** The search space in base64; absent: vectors are kept as the model makes them. */
  space: z.string().optional(),
  /** Its id: a space that is known need not be read again. */
  spaceId: z.string().optional(),
  /** What `npm run tune` has found. */
  ef: z.int().positive().optional(),
  oversampling: z.number().min(1).optional(),
});

/** A physical collection, and what is in it. */
export interface Generation {
  readonly name: string;
  readonly model: Model;
  readonly space: SearchSpace | null;
  readonly effort: Partial<StoredEffort>;
}

type MetadataValues = CollectionConfig['metadata'];
type Value = MetadataValues[string]['kind'];

export function metadataOf(
  model: Model,
  space: SearchSpace | null,
): Record<string, { kind: Value }> {
  return {
    format: integer(formatVersion),
    model: text(model.id),
    revision: text(model.revision),
    dimensions: integer(model.dimensions),
    ...(space && {
      space: text(Buffer.from(serializeSearchSpace(space)).toString('base64')),
      spaceId: text(space.id),
    }),
  };
}

/** Qdrant merges it into what is there. */
export function effortMetadata({
  ef,
  oversampling,
}: StoredEffort): Record<string, { kind: Value }> {
  return { ef: integer(ef), oversampling: { kind: { case: 'doubleValue', value: oversampling } } };
}

/**
 * Fails with `index_unusable` for what another program, or another version of this one, has made.
 *
 * @param known A space that is at hand: reading one takes milliseconds, and every probe of health asks.
 */
export function parseMetadata(
  name: string,
  values: MetadataValues,
  known: SearchSpace | null = null,
): Result<Generation, Failure> {
  const plain = Object.entries(values).map(([key, { kind }]) => [key, plainOf(kind)] as const);
  const parsed = Metadata.safeParse(Object.fromEntries(plain));
  if (!parsed.success) return err(unusable(name, 'it was not made by this version', parsed.error));
  const { model, revision, dimensions, ef, oversampling } = parsed.data;
  const found = readSpace(parsed.data, known);
  if (!found.ok) return err(unusable(name, `its search space is not right: ${found.error}`));
  return ok({
    name,
    model: { id: model, revision, dimensions },
    space: found.value,
    effort: { ...(ef && { ef }), ...(oversampling && { oversampling }) },
  });
}

function readSpace(
  { space, spaceId }: z.infer<typeof Metadata>,
  known: SearchSpace | null,
): Result<SearchSpace | null, string> {
  if (space === undefined) return ok(null);
  if (known !== null && known.id === spaceId) return ok(known);
  return parseSearchSpace(Buffer.from(space, 'base64'));
}

/** Why vectors of this model must not be mixed with those of the collection; `undefined`: they may. */
export function modelRefusal(alias: string, made: Model, model: Model): Failure | undefined {
  const sameModel = made.id === model.id && made.dimensions === model.dimensions;
  if (sameModel && made.revision === model.revision) return undefined;
  const wayOut =
    'Start with that model, set another QDRANT_COLLECTION, or run npm run reindex -- --model with the id of the new one';
  return failure(
    'model_mismatch',
    sameModel
      ? `Cannot use the collection ${alias} as another revision of the model ${model.id} made it: ${made.revision}, not ${model.revision}. ${wayOut}`
      : `Cannot use the collection ${alias} as another model made it: ${made.id} with ${made.dimensions} dimensions, not ${model.id} with ${model.dimensions}. ${wayOut}`,
  );
}

/** Whether a collection is what a new one would be. */
export function isSame(generation: Generation, model: Model, space: SearchSpace | null): boolean {
  return (
    modelRefusal('', generation.model, model) === undefined && generation.space?.id === space?.id
  );
}

function unusable(name: string, why: string, cause?: unknown): Failure {
  return failure(
    'index_unusable',
    `Cannot use the collection ${name} as ${why}. Set another QDRANT_COLLECTION, or delete it in Qdrant and index again`,
    { cause },
  );
}

function plainOf(kind: Value): unknown {
  return kind.case === 'integerValue' ? Number(kind.value) : kind.value;
}

function text(value: string): { kind: Value } {
  return { kind: { case: 'stringValue', value } };
}

function integer(value: number): { kind: Value } {
  return { kind: { case: 'integerValue', value: BigInt(value) } };
}
