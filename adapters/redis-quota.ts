import type { Quota, QuotaState } from '../core/llm.ts';
import type { RedisConnection } from './redis-connection.ts';
import { createRedisScript } from './redis-script.ts';
import { utcDay } from './utc-day.ts';

/**
 * Takes one of the ARGV[1] that there are under KEYS[1]. At least ARGV[2] of them were used when the
 * caller last heard of it, and it has taken ARGV[3] more while Redis could not be asked. Gives whether
 * there was one, and how many are used now. The key is gone in two days: whatever the clocks of those
 * who ask say, its day is over by then.
 */
const takeOne = createRedisScript(`
local kept = redis.pcall('GET', KEYS[1])
local used = type(kept) == 'string' and tonumber(kept) or 0
used = math.max(math.floor(used), tonumber(ARGV[2])) + tonumber(ARGV[3])
local taken = 0
if used < tonumber(ARGV[1]) then
  used = used + 1
  taken = 1
end
redis.call('SET', KEYS[1], string.format('%.0f', used), 'PX', 172800000)
return {taken, used}
`);

export interface RedisQuotaOptions {
  readonly connection: RedisConnection;
  /** What is counted: quotas of one name in one Redis are one. */
  readonly name: string;
  /** How many a day. */
  readonly limit: number;
  /** Milliseconds since 1970. */
  readonly epochMs?: () => number;
}

/**
 * Counts what all processes take together. While Redis does not answer, this process goes on from
 * what it knows, and tells Redis later what it took meanwhile; a Redis that came back empty is told
 * what was used before.
 */
export function createRedisQuota(options: RedisQuotaOptions): Quota {
  const { connection, name, limit, epochMs = Date.now } = options;
  let known = { day: '', used: 0, untold: 0 };

  function takeAlone(): QuotaState | undefined {
    if (known.used + known.untold >= limit) return undefined;
    known.untold += 1;
    return { used: known.used + known.untold, limit };
  }

  return {
    async take() {
      const day = utcDay(epochMs());
      if (known.day !== day) known = { day, used: 0, untold: 0 };
      const asked = known;
      const { untold } = asked;
      // Who asks meanwhile must not tell it too.
      asked.untold = 0;
      const counted = await askRedis(connection, `quota:${name}:${day}`, [
        limit,
        asked.used,
        untold,
      ]);
      if (counted === undefined) {
        asked.untold += untold;
        return takeAlone();
      }
      asked.used = Math.max(asked.used, counted.used);
      return counted.taken ? { used: counted.used, limit } : undefined;
    },
  };
}

async function askRedis(connection: RedisConnection, key: string, args: readonly number[]) {
  const answer = await takeOne(connection, key, args);
  if (!answer.ok || !Array.isArray(answer.value)) return undefined;
  const [taken, used]: readonly unknown[] = answer.value;
  return typeof used === 'number' ? { taken: taken === 1, used } : undefined;
}
