import type { Rate, RateDecision, RateLimiter } from '../core/ports.ts';
import { rateDecision, tokenMs } from './rate-decision.ts';
import type { RedisConnection } from './redis-connection.ts';
import { createRedisScript } from './redis-script.ts';

/**
 * Takes up to ARGV[3] tokens of the bucket KEYS[1], which has ARGV[2] at most and gets one more every
 * ARGV[1] microseconds. What is kept is when it will be full, in microseconds by the clock of Redis;
 * the key is gone by then. Gives how many were taken, and after how many microseconds it is full.
 */
const script = `
local token, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local kept = redis.pcall('GET', KEYS[1])
local full = type(kept) == 'string' and tonumber(kept) or now
full = math.min(math.max(full, now), now + burst * token)
local free = math.floor(burst - (full - now) / token + 0.000001)
local taken = math.max(math.min(wanted, free), 0)
if taken > 0 then
  full = math.ceil(full + taken * token)
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
end
return {taken, math.ceil(full - now)}
`;
const takeUpTo = createRedisScript(script);

interface Group {
  readonly bucket: string;
  readonly rate: Rate;
  wanted: number;
  readonly taken: Promise<Taken | undefined>;
}

interface Taken {
  readonly count: number;
  /** Until the bucket is full, after all of them. */
  readonly fullInMs: number;
}

/**
 * Counts the requests of all processes together. Those of one bucket that come in one turn of the
 * event loop ask once, and are served in the order in which they came.
 */
export function createRedisRateLimiter(connection: RedisConnection): RateLimiter {
  const groups = new Map<string, Group>();

  function openGroup(name: string, bucket: string, rate: Rate): Group {
    const { promise, resolve } = Promise.withResolvers<Taken | undefined>();
    const group: Group = { bucket, rate, wanted: 0, taken: promise };
    groups.set(name, group);
    setImmediate(() => {
      groups.delete(name);
      resolve(takeTokens(connection, group));
    });
    return group;
  }

  return {
    async take(bucket, rate) {
      if (!connection.isUsable()) return undefined;
      const name = `${rate.perSecond} ${rate.burst} ${bucket}`;
      const group = groups.get(name) ?? openGroup(name, bucket, rate);
      const place = group.wanted++;
      const taken = await group.taken;
      return taken && decisionOf(place, taken, rate);
    },
  };
}

function decisionOf(place: number, { count, fullInMs }: Taken, rate: Rate): RateDecision {
  const takenLater = Math.max(count - place - 1, 0);
  return rateDecision(place < count, fullInMs - takenLater * tokenMs(rate), rate);
}

async function takeTokens(connection: RedisConnection, group: Group): Promise<Taken | undefined> {
  const answer = await takeUpTo(connection, `rate:${group.bucket}`, [
    tokenMs(group.rate) * 1000,
    group.rate.burst,
    group.wanted,
  ]);
  if (!answer.ok || !Array.isArray(answer.value)) return undefined;
  const [count, fullInMicros]: readonly unknown[] = answer.value;
  if (typeof count !== 'number' || typeof fullInMicros !== 'number') return undefined;
  return { count, fullInMs: fullInMicros / 1000 };
}
