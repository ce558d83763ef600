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
  /** Hash of the bytes: files of one hash are the same picture. Older records have none. */
  content: z.string().optional(),
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
  /** Further texts, texts to exclude, and pictures to be like, of each. */
  parts: 8,
} as const;

export function topKUpTo(most: number) {
  return z.int().min(1).max(most).default(10);
}

export const TopK = topKUpTo(limits.topK);

export const ScoreThreshold = z.number().min(0).max(1).default(0);

/** 1 to 512 characters (Unicode code points) after trimming. */
const Text = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .refine((text) => Array.from(text).length <= limits.queryCharacters, {
    error: `must have at most ${limits.queryCharacters} characters`,
  })
  .refine((text) => text.isWellFormed(), 'must be valid Unicode')
  .meta({ maxLength: limits.queryCharacters, pattern: '\\S' });

/** A text that counts more, or less, than the query, whose weight is 1. */
export const WeightedText = z.strictObject({
  text: Text,
  weight: z.number().min(0.1).max(10).default(1),
});
export type WeightedText = z.infer<typeof WeightedText>;

const queryShape = {
  /** What the pictures show. May be left out where `texts` or `like` say it. */
  query: z.union([Text, z.literal('')]).default(''),
  /** Further texts, each with a weight: all of it together is searched for. */
  texts: z.array(WeightedText).max(limits.parts).default([]),
  /** What the pictures must not show. */
  exclude: z.array(Text).max(limits.parts).default([]),
  /** Ids of pictures in the index that the results are to be like; they are no results themselves. */
  like: z.array(ImageId).max(limits.parts).default([]),
  /** How much results are to differ from each other: 0 not at all, 1 above all else. */
  diversity: z.number().min(0).max(1).default(0),
  /** One result in place of several of nearly the same picture; it says how many it stands for. */
  fold_duplicates: z.boolean().default(false),
  /** How many results. */
  top_k: TopK,
  /** Results below this cosine similarity are left out, 0: none; `auto`: those that don't belong. */
  score_threshold: z.union([z.number().min(0).max(1), z.literal('auto')]).default(0),
  filters: Filters.nullable().default(null),
  include_explanation: z.boolean().default(false),
  /** Whether a vision model looks at the best results and puts them in order. */
  rerank: z.boolean().default(false),
  /** Null: one answer, and no more. Else page by page: `*` begins, and `next_cursor` goes on. */
  cursor: Cursor.nullable().default(null),
};

/** The body of `POST /search`, as it is after parsing: trimmed, with defaults, nothing unknown. */
export const SearchQuery = searchQueryUpTo(limits.topK);
export type SearchQuery = z.infer<typeof SearchQuery>;

/** The same request, for whoever may ask for more results, or fewer. */
export function searchQueryUpTo(maxTopK: number) {
  return z
    .strictObject({ ...queryShape, top_k: topKUpTo(maxTopK) })
    .refine(({ query, texts, like }) => query !== '' || texts.length + like.length > 0, {
      path: ['query'],
      error: 'must not be empty where neither texts nor like say what to search for',
    });
}

/** One result: `score` is the cosine similarity, from -1 to 1. */
export const Hit = z.object({
  id: ImageId,
  score: z.number(),
  /** How likely it is, 0 to 1, that the picture shows what was asked for; null where the model was not calibrated. */
  confidence: z.number().min(0).max(1).nullable().default(null),
  /** Ids of nearly the same pictures that this one stands for; empty unless `fold_duplicates`. */
  duplicates: z.array(ImageId).default([]),
  metadata: ImageMetadata.extend({
    url: z.string(),
    /** A version of at most 512 pixels; null where none is kept. */
    thumbnail_url: z.string().nullable().default(null),
  }),
});
export type Hit = z.infer<typeof Hit>;

/** What became of a question to a language model. `off`: nobody set one up. */
export const LlmOutcome = z.object({
  outcome: z.enum([
    'ok',
    'off',
    'nothing_found',
    'quota_exhausted',
    'timeout',
    'unavailable',
    'unusable',
  ]),
  /** The same was asked before, and cost nothing now. */
  cached: z.boolean(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  /** US dollars, by the prices that were set; null where none are. */
  cost_usd: z.number().nullable(),
});
export type LlmOutcome = z.infer<typeof LlmOutcome>;

export const SearchResponse = z.object({
  /** The query as it was searched for; null when the search began from pictures alone. */
  query: z.string().nullable(),
  /** Best first: by score, then by id; of a re-ranked answer the first as the model has put them. */
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
  /** What became of what a language model was asked; left out where nothing was asked of one. */
  llm: z.object({ explanation: LlmOutcome.optional(), rerank: LlmOutcome.optional() }).optional(),
});
export type SearchResponse = z.infer<typeof SearchResponse>;

/** The answer of `GET /images/{id}`. */
export const Image = Hit.pick({ id: true, metadata: true });
export type Image = z.infer<typeof Image>;
