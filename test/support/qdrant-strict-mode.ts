import type { SearchParams, StrictModeConfig } from '@qdrant/js-client-grpc';
import { strictMode } from './qdrant-errors.ts';
import { type FieldIndexes, filteredFields } from './qdrant-filter.ts';
import { canonicalPath } from './qdrant-payload.ts';
import type { Filter } from './qdrant-protocol.ts';

interface Request {
  readonly limit?: number | undefined;
  readonly filter?: Filter | undefined;
  readonly isWrite?: boolean;
  readonly params?: SearchParams | undefined;
  readonly upserts?: number;
  readonly timeout?: bigint | undefined;
}

/** Throws where strict mode forbids a request. */
export function checkStrictMode(
  strict: StrictModeConfig | undefined,
  indexes: FieldIndexes,
  request: Request,
): void {
  if (strict === undefined) return;
  checkLimit(request.upserts, strict.upsertMaxBatchsize, 'upsert limit');
  checkLimit(request.timeout, strict.maxTimeout, 'timeout');
  checkLimit(request.limit, strict.maxQueryLimit, 'limit');
  checkFilter(strict, indexes, request);
  if (strict.searchAllowExact === false && request.params?.exact === true) {
    throw strictMode('Exact search disabled!', 'Set exact=false.');
  }
  const { quantization, hnswEf } = request.params ?? {};
  checkLimit(quantization?.oversampling, strict.searchMaxOversampling, 'oversampling');
  checkLimit(hnswEf, strict.searchMaxHnswEf, 'hnsw_ef');
}

function checkLimit(
  value: number | bigint | undefined,
  limit: number | bigint | undefined,
  name: string,
): void {
  if (value === undefined || limit === undefined || value <= limit) return;
  throw strictMode(
    `Limit exceeded ${value} > ${limit} for "${name}"`,
    `Reduce the "${name}" parameter to or below ${limit}.`,
  );
}

function checkFilter(
  strict: StrictModeConfig,
  indexes: FieldIndexes,
  { filter, isWrite = false }: Request,
): void {
  const fields = filteredFields(filter);
  const most = strict.filterMaxConditions;
  if (most !== undefined && fields.length > most) {
    throw strictMode(
      `Filter condition limit reached (${fields.length} > ${most})`,
      'Reduce the amount of conditions of your filter.',
    );
  }
  const allowed = isWrite ? strict.unindexedFilteringUpdate : strict.unindexedFilteringRetrieve;
  if (allowed !== false) return;
  for (const [key, types] of fields) {
    if (types.includes(indexes.get(canonicalPath(key))?.type ?? '')) continue;
    throw strictMode(
      `Index required but not found for "${key}" of one of the following types: [${types.join(', ')}]`,
      'Create an index for this key or use a different filter.',
    );
  }
}
