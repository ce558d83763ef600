import type { Async, Failure } from './failure.ts';
import type { Filter } from './filter.ts';
import type { LlmTask, QuotaState } from './llm.ts';
import type { ImageRecord, LlmOutcome, Vector } from './model.ts';
import type { Predecessor } from './predecessor.ts';
import type { Result } from './result.ts';
import type { Summary } from './rolling-window.ts';
import type { SearchSpace } from './search-space-form.ts';

/** What is known of a loaded model. */
export interface ModelInfo {
  /** Such as `demo` or `ViT-H-14/laion2b_s32b_b79k`. Recorded in the index and checked. */
  readonly id: string;
  /** Changes with the weights: vectors of two revisions can't be compared. */
  readonly revision: string;
  /** Length of every vector. */
  readonly dimensions: number;
  /** Tokens that the text tower can read, start and end tokens included. */
  readonly contextLength: number;
  /** Where it runs: `cpu` or `cuda`. */
  readonly device: string;
  /** How its scores are read; left out where nobody has measured it. */
  readonly calibration?: Calibration | undefined;
}

/**
 * Makes a cosine between a text and a picture readable: the share of such results that people call
 * right is 1 / (1 + exp(-slope * (score - middle))). Fitted by `npm run evaluate -- calibrate`.
 */
export interface Calibration {
  readonly slope: number;
  readonly middle: number;
}

export interface EncodedText {
  readonly vector: Vector;
  /** The text had more tokens than the context length, and its end was ignored. */
  readonly truncated: boolean;
}

export interface EncodedImage {
  readonly vector: Vector;
  /** Pixels of the whole picture, after EXIF rotation. */
  readonly width: number;
  readonly height: number;
}

/** Texts and images into one space of unit-length vectors. */
export interface Encoder {
  readonly model: ModelInfo;
  /**
   * One vector per text, in order. A text's vector does not depend on its neighbours.
   * Fails with `encoder_unavailable`, `overloaded`, `timeout` or `cancelled`.
   */
  encodeTexts(texts: readonly string[], signal?: AbortSignal): Async<EncodedText[]>;
  /**
   * One result per image file (JPEG, PNG, WebP, BMP, TIFF, GIF, AVIF), in order. A bad image fails
   * alone, with `not_an_image`, `image_empty`, `image_corrupt` or `image_too_large`; the outer
   * result fails only when none can be encoded.
   */
  encodeImages(
    images: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Async<Result<EncodedImage, Failure>[]>;
  /** Frees the sessions. Nothing may be encoded afterwards. */
  close(): Promise<void>;
}

export interface Point {
  readonly record: ImageRecord;
  readonly vector: Vector;
}

export interface Match {
  readonly record: ImageRecord;
  /** Cosine similarity of the stored vector and the asked one, in full precision. */
  readonly score: number;
}

export interface VectorQuery {
  /** Unit length, as long as the collection's dimensions. */
  readonly vector: Vector;
  readonly limit: number;
  readonly filter?: Filter | undefined;
  /** Matches below this cosine are left out. */
  readonly scoreThreshold?: number | undefined;
  /** How far to look; what is left out is as the collection's settings say. */
  readonly effort?: Partial<Effort> | undefined;
  /** W3C `traceparent` of the span that this is part of. */
  readonly traceparent?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How far a search looks. More is slower, and finds more of the nearest. */
export interface Effort {
  /** Look at every vector, and miss none. */
  readonly exact: boolean;
  /** Candidates of the walk through the graph. */
  readonly ef: number;
  /** Candidates compared in full precision, for each one that is asked for. */
  readonly oversampling: number;
}

export interface CollectionStats {
  readonly collection: string;
  readonly vectorsCount: number;
  /** `green`: fast; `yellow`: correct but slower, as part of the index is still to be built. */
  readonly status: 'green' | 'yellow';
  /** Share of the vectors that the graph covers, 0 to 1. */
  readonly indexed: number;
}

export interface CollectionInfo extends CollectionStats {
  /** What a text query costs at the settings in force. */
  readonly effort: Effort;
  /** The search space that the vectors are kept in; null: as the model makes them. */
  readonly searchSpace: SearchSpace | null;
}

/** What a new collection is to be, beside the model. */
export interface SuccessorSpec {
  readonly model: Pick<ModelInfo, 'id' | 'revision' | 'dimensions'>;
  /** Null: vectors are kept as the model makes them. */
  readonly searchSpace: SearchSpace | null;
}

/**
 * A collection built beside the one that is searched, to take its place. Nobody sees it before
 * `publish`. One that was begun and neither published nor discarded is gone on with by the next
 * `succeed` of the same spec, and discarded by one of another.
 */
export interface Successor {
  readonly store: VectorStore;
  /**
   * In one step: searches see the old collection before it and this one after it. An embedded store
   * and its successor are closed then, and what is opened next is the new one; Qdrant's old store
   * goes on, with the new collection behind it, as does the successor's.
   */
  publish(): Async<Predecessor | undefined>;
  discard(): Async<void>;
}

/**
 * Vectors and the records they belong to, by id. All of it is durable when the promise resolves.
 * Vectors go in and come out as the model makes them, whatever space they are kept in.
 * Fails with `store_unavailable`, `timeout`, `cancelled`; a write also with `store_read_only`,
 * `store_full`; in a store that is a process of its own all with `collection_missing`, `overloaded`.
 */
export interface VectorStore {
  /** `embedded`, `qdrant`, `memory`. */
  readonly kind: string;
  /** The nearest points by cosine similarity: by score, then by id. */
  query(query: VectorQuery): Async<Match[]>;
  /** The records that exist, in no particular order; unknown ids are left out. */
  get(ids: readonly string[], signal?: AbortSignal): Async<ImageRecord[]>;
  /** The stored vectors by id, unit length; unknown ids are left out. */
  vectors(ids: readonly string[], signal?: AbortSignal): Async<ReadonlyMap<string, Vector>>;
  /** Adds points, and replaces those whose id is there already. After a failure some may be in. */
  upsert(points: readonly Point[], signal?: AbortSignal): Async<void>;
  /** Unknown ids are no failure. */
  remove(ids: readonly string[], signal?: AbortSignal): Async<void>;
  count(signal?: AbortSignal): Async<number>;
  /**
   * Every record once, in pages of bounded size, in no particular order. Points may be added and
   * removed meanwhile.
   */
  scan(signal?: AbortSignal): AsyncIterable<Result<ImageRecord[], Failure>>;
  /** As `scan`, with the vectors. */
  scanPoints(signal?: AbortSignal): AsyncIterable<Result<Point[], Failure>>;
  describe(signal?: AbortSignal): Async<CollectionInfo>;
  /** Builds what makes search fast, after many upserts. Searching goes on meanwhile. */
  optimize(): Async<void>;
  /** Keeps how far searches look, with the collection. */
  setEffort(effort: Pick<Effort, 'ef' | 'oversampling'>): Async<void>;
  /** Begins a collection that is to take this one's place, or goes on with it. */
  succeed(spec: SuccessorSpec): Async<Successor>;
  close(): Promise<void>;
}

/** What the file of a picture says besides its pixels. */
export interface PictureFacts {
  /** `image/jpeg` …, by the bytes, whatever its name says. */
  readonly type: string;
  /** When it was taken, by EXIF: Unix seconds. Without a time zone in the file: as if in UTC. */
  readonly takenAt?: number;
  /** Where it was taken, by EXIF: degrees, north and east. */
  readonly place?: { readonly latitude: number; readonly longitude: number };
}

/** Reads picture files (the formats of `Encoder`) without a model. */
export interface PictureReader {
  /** Fails with `not_an_image`, `image_empty`; EXIF that can't be read is left out. */
  facts(image: Uint8Array): Async<PictureFacts>;
  /**
   * WebP, at most 512 pixels on the longer side, never larger than the picture: upright, sRGB,
   * without metadata. Fails as one image of `encodeImages` does.
   */
  thumbnail(image: Uint8Array, signal?: AbortSignal): Async<Uint8Array>;
}

/**
 * Texts under keys, for a time. It never fails and never makes anybody wait long: what goes wrong is
 * for its log, and its caller does without.
 */
export interface Cache {
  /** `redis`, `memory`. */
  readonly kind: string;
  /**
   * The values of these keys, in order, in one round trip; `undefined` in the place of a key that has
   * none. `undefined` in place of all when the cache can't be asked.
   */
  get(keys: readonly string[]): Promise<readonly (string | undefined)[] | undefined>;
  /** Whether it is kept now. Without `ttlSeconds` it stays until it is removed or evicted. */
  set(
    key: string,
    value: string,
    options?: { readonly ttlSeconds?: number; readonly onlyIfAbsent?: boolean },
  ): Promise<boolean>;
  /** Whether it is certain that the key has no value now. */
  remove(key: string): Promise<boolean>;
  /** Whether it is certain that what the key has now will be gone in `ttlSeconds`, if not before. */
  shorten(key: string, ttlSeconds: number): Promise<boolean>;
  /** Whether it could be asked just now. */
  isConnected(): Promise<boolean>;
  close(): Promise<void>;
}

/** A token bucket: `burst` tokens at most, refilled at `perSecond`. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export interface RateDecision {
  readonly allowed: boolean;
  /** Whole tokens that are left. */
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetSeconds: number;
  /** Until there is a token; 0 where it was allowed. */
  readonly retryAfterSeconds: number;
}

/** Counts requests. Never fails: a limiter that can't count lets pass. */
export interface RateLimiter {
  /** Takes one token of the bucket. `undefined` when it can't count. */
  take(bucket: string, rate: Rate): Promise<RateDecision | undefined>;
}

/** The parts of a search that are timed. */
export type Stage =
  | 'cache'
  | 'remote'
  | 'embedding'
  | 'search'
  | 'rerank'
  | 'explanation'
  | 'total';

/** Whether an answer came from the cache, went into it, or had nothing to do with it. */
export type CacheState = 'hit' | 'miss' | 'bypass';

export interface Metrics {
  /** One duration in milliseconds. */
  observe(stage: Stage, milliseconds: number): void;
  /** One answered request: `code` is `ok` or a failure's code. */
  countRequest(route: string, status: number, code: string): void;
  countCache(state: CacheState): void;
  /** What became of a question to a language model. */
  countLlm(task: LlmTask, outcome: LlmOutcome): void;
  /** Questions of today, and how many there may be. */
  trackLlmQuota(task: LlmTask, state: QuotaState): void;
  /** A query's vector was at hand (or being made), or had to be made. */
  countTextLookup(hit: boolean): void;
  /** Texts of one run of the encoder. */
  observeBatch(texts: number): void;
  /** How many wait in a queue, asked whenever somebody looks. */
  trackQueue(queue: 'texts' | 'searches', depth: () => number): void;
  uptimeSeconds(): number;
  /** Exact percentiles of the last 10,000 durations of each stage. */
  summaries(): Readonly<Record<Stage, Summary>>;
  /** All of it in the text format of Prometheus. */
  exposition(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Structured log lines, in the form that pino has. */
export interface Logger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
