import { Cluster } from 'ioredis';
import { type RedisClient, renew, reviveEnded } from './redis-client.ts';
import { afterDeadline } from './redis-deadline.ts';
import type { RedisReport } from './redis-report.ts';

/** Whether a Redis answers. When that is in doubt nobody asks it, until a probe was answered in time. */
export interface RedisHealth {
  isUsable(): boolean;
  /**
   * Somebody got no answer.
   * @param key What was asked for: on a cluster the probe goes to the same node.
   */
  doubt(key: string, reason: string): void;
  /** What a connection said when it failed. */
  note(reason: string): void;
  close(): void;
}

export interface RedisHealthOptions {
  readonly client: RedisClient;
  readonly timeoutMs: number;
  readonly report: Pick<RedisReport, 'lost' | 'back'>;
  readonly now: () => number;
  /** Called as soon as Redis is in doubt. */
  readonly onDoubt: () => void;
}

/** Between two probes, every time twice as long. */
const firstPauseMs = 20;
const maxPauseMs = 250;
/** Who is lost again so soon after it came back is left alone, every time for twice as long. */
const steadyMs = 2000;
const firstRestMs = 50;
const maxRestMs = 1000;

export function createRedisHealth(options: RedisHealthOptions): RedisHealth {
  const { client, timeoutMs, report, now, onDoubt } = options;
  const sleeper = createSleeper();
  const rests = createRests(now);
  let state: 'usable' | 'doubted' | 'closed' = 'doubted';
  let reason: string | undefined;
  const isDoubted = () => state === 'doubted';

  async function recover(key: string, restMs: number): Promise<void> {
    let pauseMs = firstPauseMs;
    await sleeper.sleep(restMs);
    while (isDoubted() && !(await probe(client, key, timeoutMs))) {
      if (reason !== undefined) report.lost(reason);
      await sleeper.sleep(pauseMs);
      pauseMs = Math.min(2 * pauseMs, maxPauseMs);
    }
    // Closed, perhaps, while it was probed.
    if (!isDoubted()) return;
    [state, reason] = ['usable', undefined];
    rests.end();
    report.back();
  }

  function doubt(key: string, why: string): void {
    reason ??= why;
    if (state !== 'usable') return;
    state = 'doubted';
    onDoubt();
    void recover(key, rests.next());
  }

  client.on('ready', sleeper.wake);
  client.on('close', () => doubt('', 'the connection was closed'));
  void recover('', 0);
  return {
    isUsable: () => state === 'usable',
    doubt,
    note: (why) => void (reason = why),
    close() {
      state = 'closed';
      sleeper.wake();
    },
  };
}

/** Whether an answer comes in time. Waits for its end, so that there is never more than one. */
async function probe(client: RedisClient, key: string, timeoutMs: number): Promise<boolean> {
  if (client.status !== 'ready') {
    reviveEnded(client);
    return false;
  }
  let late = false;
  const cancel = afterDeadline(timeoutMs, () => (late = true));
  try {
    const answer: unknown = await ask(client, key);
    return typeof answer === 'number' && !late;
  } catch {
    // A cluster looks after its nodes itself, and its other nodes may be fine.
    if (!(client instanceof Cluster)) renew(client);
    return false;
  } finally {
    cancel();
  }
}

async function ask(client: RedisClient, key: string): Promise<unknown> {
  const asked = client.exists(key);
  if (!(client instanceof Cluster)) return asked;
  // Nodes connect when first asked for something, and refuse all else until they are connected.
  const [answer] = await Promise.all([asked, ...client.nodes('master').map((node) => node.ping())]);
  return answer;
}

/** How long to leave it alone before the first probe. */
function createRests(now: () => number) {
  let restMs = 0;
  let endedAtMs = -Infinity;
  return {
    next(): number {
      const steady = now() - endedAtMs > steadyMs;
      restMs = steady ? 0 : Math.min(Math.max(2 * restMs, firstRestMs), maxRestMs);
      return restMs;
    },
    end() {
      endedAtMs = now();
    },
  };
}

/** Sleeps that end early when somebody wakes it. They keep no process alive. */
function createSleeper() {
  let wake = (): void => {};
  return {
    wake: () => wake(),
    async sleep(ms: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, ms).unref();
      await promise;
      clearTimeout(timer);
    },
  };
}
