/** The answer of `GET /health`. */
export interface Health {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly clip_loaded: boolean;
  /** Null while another vector store is in use. */
  readonly qdrant_connected: boolean | null;
  /** Null while there is no cache in Redis. */
  readonly redis_connected: boolean | null;
  readonly vector_store: string;
  readonly device: string;
  readonly model: string;
  /** What a language model may be asked there; left out by a server that knows of none. */
  readonly features?: { readonly explanation: boolean; readonly rerank: boolean } | undefined;
}

interface StageSummary {
  readonly count: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly mean_ms: number;
}

/** The answer of `GET /stats`: percentiles over the last 10,000 searches. */
export interface Stats {
  readonly metrics: {
    readonly uptime_seconds: number;
    readonly embedding_latency_ms: StageSummary;
    readonly search_latency_ms: StageSummary;
    readonly total_latency_ms: StageSummary;
  };
  readonly collection: {
    readonly collection: string;
    readonly vectors_count: number;
    readonly status: 'green' | 'yellow';
    readonly indexed: number;
  };
}
