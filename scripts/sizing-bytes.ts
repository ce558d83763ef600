/** What is to be kept. */
export interface SizingSpec {
  readonly vectors: number;
  readonly dimensions: number;
  /** Links of a vector in the graph. */
  readonly m: number;
  /** What is known of a picture, as it is stored. */
  readonly payloadBytes: number;
  readonly quantization: 'int8' | 'product';
  /** The full vectors stay on disk. */
  readonly onDisk: boolean;
  readonly searchSpace: boolean;
}

/** Bytes of one vector, part by part; sums of a copy. */
export interface SizingBytes {
  readonly full: number;
  readonly quantized: number;
  readonly links: number;
  readonly tracking: number;
  readonly payload: number;
  readonly payloadIndex: number;
}

/** Every number that is not arithmetic, and where it is from. */
export const sizingFacts = {
  /** float32 */
  floatBytes: 4,
  /** int8, and with each vector one float32 that corrects its score (Qdrant, scalar quantization). */
  int8Bytes: 1,
  int8ExtraBytes: 4,
  /** The adapter asks for `x16`: one byte stands for four float32 (Qdrant, product quantization). */
  productCompression: 16,
  /** A link is the number of a point. Level 0 has twice as many as the others (HNSW, as Qdrant has it). */
  linkBytes: 4,
  /** Id, its place and its version, in both directions: 8 + 4 + 8, and maps half empty. An estimate. */
  trackingBytes: 40,
  /** About 45 facets of a picture, each a 4-byte number in its list. An estimate. */
  payloadIndexBytes: 45 * 4,
  /**
   * Segments that are being rebuilt, and the process. With it 1 M × 1024 gives what Qdrant's rough
   * formula does (vectors × dimensions × 4 × 1.5, capacity planning): 6.1 GB.
   */
  memoryOverhead: 1.1,
  /** A segment is written anew before the old one goes; a log of writes. */
  diskOverhead: 1.5,
  /** Resident memory above 80 % of a node is a sign of trouble (Qdrant, memory usage). */
  usableMemory: 0.8,
  /** Page cache for full vectors on disk, as a share of them: some are asked for again and again. */
  pageCacheShare: 0.05,
} as const;

/** The search space adds a number to each vector, and fills up to whole registers. */
function storedDimensions({ dimensions, searchSpace }: SizingSpec): number {
  return searchSpace ? Math.ceil((dimensions + 1) / 8) * 8 : dimensions;
}

export function bytesPerVector(spec: SizingSpec): SizingBytes {
  const facts = sizingFacts;
  const dimensions = storedDimensions(spec);
  const full = dimensions * facts.floatBytes;
  const int8 = dimensions * facts.int8Bytes + facts.int8ExtraBytes;
  const upperLinks = spec.m / (spec.m - 1);
  return {
    full,
    quantized: spec.quantization === 'int8' ? int8 : full / facts.productCompression,
    links: (2 * spec.m + upperLinks) * facts.linkBytes,
    tracking: facts.trackingBytes,
    payload: spec.payloadBytes,
    payloadIndex: facts.payloadIndexBytes,
  };
}

/** Memory of one copy of the collection, in bytes. */
export function memoryOf(spec: SizingSpec): number {
  const { full, quantized, links, tracking, payloadIndex } = bytesPerVector(spec);
  const ofFull = spec.onDisk ? full * sizingFacts.pageCacheShare : full;
  const each = ofFull + quantized + links + tracking + payloadIndex;
  return spec.vectors * each * sizingFacts.memoryOverhead;
}

/** Disk of one copy of the collection, in bytes: all of it is there, whatever is in memory. */
export function diskOf(spec: SizingSpec): number {
  const each = Object.values(bytesPerVector(spec)).reduce(
    (sum: number, bytes: number) => sum + bytes,
    0,
  );
  return spec.vectors * each * sizingFacts.diskOverhead;
}
