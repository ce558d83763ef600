import { manifestsPrefix } from '../../core/own-keys.ts';
import { type Shard, shardName } from '../../core/shard.ts';

/** Where in the bucket a run says what became of every picture. In the order of their beginning. */
export function manifestKey(startedAt: Date, shard: Shard): string {
  const time = startedAt.toISOString().replace(/\.\d+/, '').replaceAll(':', '-');
  return `${manifestsPrefix}${time}-${shardName(shard)}.jsonl`;
}
