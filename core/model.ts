import * as z from 'zod';
import { Cursor } from './cursor.ts';
import { Filters } from './filter.ts';

/** A unit-length embedding, `dimensions` long. */
export type Vector = Float32Array;

/** A picture's id: an unsigned 64-bit integer in decimal. */
export const ImageId = z
  .string()
  .regex(/^(0|[1-9]\d{0,19})$/, { error: 'must be an image id: a decimal number', abort: true })
  .refine((id) => BigInt(id) < 2n ** 64n, 'must be an image id: below 2 to the power of 64');
export type ImageId = z.infer<typeof ImageId>;

// Of any length, as what is stored is answered with; a filter's values are shorter.
const MetadataScalar = z.union([z.string(), z.number(), z.boolean()]);
export const MetadataValue = z.union([MetadataScalar, z.array(MetadataScalar), z.null()]);
export type MetadataValue = z.infer<typeof MetadataValue>;

/** What is known of a picture. Every key can be filtered by; further keys are the user's own. */
export const ImageMetadata = z
  .object({
    /** The image key: the path in the indexed folder, or the S3 key. */
    file_path: z.string(),
    file_name: z.string(),
    /** `s3://bucket/key`; null off AWS. */
    s3_key: z.string().nullable(),
    category: z.string().nullable(),
    /** Pixels, after the EXIF rotation was applied. */
    width: z.int(),
    height: z.int(),
  })
  .catchall(MetadataValue);
export type ImageMetadata = z.infer<typeof ImageMetadata>;

/** Where a picture's bytes are, and which state of them was indexed. Never leaves the service. */
export const ImageOrigin = z.object({
  /** Absolute path of the indexed folder, or `s3://bucket`. */
  root: z.string(),
  /** Path below the root, with `/`. */
  key: z.string(),
  /** Changes whenever the bytes do: an ETag, or size and time of change. */
  version: z.string(),
});
export type ImageOrigin = z.infer<typeof ImageOrigin>;

/** What the vector store keeps beside the vector. */
export const ImageRecord = z.object({
  id: ImageId,
  metadata: ImageMetadata,
  origin: ImageOrigin,
});
export type ImageRecord = z.infer<typeof ImageRecord>;

export const limits = {
  queryCharacters: 512,
  /** Results of one answer. */
  topK: 100,
  /** Results of a list that is read page by page. */
  listed: 1000,
} as const;

export function topKUpTo(most: number) {
  return z.int().min(1).max(most).default(10);
}

export const TopK = topKUpTo(limits.topK);

export const ScoreThreshold = z.number().min(0).max(1).default(0);

/** The body of `POST /search`, as it is after parsing: trimmed, with defaults, nothing unknown. */
export const SearchQuery = z.strictObject({
  /** 1 to 512 characters (Unicode code points) after trimming. */
  query: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .refine((text) => Array.from(text).length <= limits.queryCharacters, {
      error: `must have at most ${limits.queryCharacters} characters`,
    })
    .refine((text) => text.isWellFormed(), 'must be valid Unicode')
    .meta({ maxLength: limits.queryCharacters, pattern: '\\S' }),
  /** How many results at most. */
  top_k: TopK,
  /** Results below this cosine similarity are left out; 0 leaves out none. */
  score_threshold: ScoreThreshold,
  filters: Filters.nullable().default(null),
  include_explanation: z.boolean().default(false),
  /** Null: one answer, and no more. Else page by page: `*` begins, and `next_cursor` goes on. */
  cursor: Cursor.nullable().default(null),
});
export type SearchQuery = z.infer<typeof SearchQuery>;

/** One result: `score` is the cosine similarity, from -1 to 1. */
export const Hit = z.object({
  id: ImageId,
  score: z.number(),
  metadata: ImageMetadata.extend({
    url: z.string(),
    /** A version of at most 512 pixels; null where none is kept. */
    thumbnail_url: z.string().nullable().default(null),
  }),
});
export type Hit = z.infer<typeof Hit>;

export const SearchResponse = z.object({
  /** The query as it was searched for; null when the search began from a picture. */
  query: z.string().nullable(),
  /** Best first: by score, then by id. */
  results: z.array(Hit),
  /** How many results there are in this answer. */
  total: z.int(),
  latency_ms: z.number(),
  cached: z.boolean(),
  explanation: z.string().nullable(),
  /** Id of the model that made the vectors. */
  model: z.string(),
  /** True when the query was longer than the model can read and its end was ignored. */
  query_truncated: z.boolean(),
  /** What the next page is asked for with; null at the end. Left out where no page was asked for. */
  next_cursor: z.string().nullable().optional(),
});
export type SearchResponse = z.infer<typeof SearchResponse>;

/** The answer of `GET /images/{id}`. */
export const Image = Hit.omit({ score: true });
export type Image = z.infer<typeof Image>;
