import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from './redis-settings.ts';

export type RedisClient = Redis | Cluster;

/** A handshake or a command that takes longer ends its connection: a fresh one may do better. */
const giveUpMs = 1000;
const maxReconnectMs = 500;
const leaveReplicaEveryMs = 5000;

/**
 * A client that never queues what it can't send, never sends anything twice, and tries to connect
 * for ever. What is in flight when a connection ends has failed.
 *
 * @param onError What went wrong with a connection, for the log.
 */
export function createRedisClient(
  address: RedisAddress,
  onError: (error: Error) => void,
): RedisClient {
  const { host, port } = address;
  const client = address.cluster
    ? createCluster(address)
    : new Redis({
        ...nodeOptions(address),
        host,
        port,
        enableOfflineQueue: false,
        retryStrategy: reconnectDelayMs,
        reconnectOnError: createReadOnlyCheck(),
      });
  client.on('error', (error: Error & { readonly lastNodeError?: Error }) => {
    // A cluster says only that no node would answer.
    const { lastNodeError = error } = error;
    onError(lastNodeError);
    // A reply to nothing: whatever comes next may belong to something else.
    if (error.message.startsWith('Command queue state error')) renew(client);
  });
  return client;
}

/** Ends the connection that there is, and with it all that waits for an answer; makes a new one. */
export function renew(client: RedisClient): void {
  // Otherwise there is none: cutting a connect short would be the end of all attempts.
  if (client.status === 'ready' || client.status === 'connect') client.disconnect(true);
}

/** ioredis makes no attempts any more once a connect was cut short. */
export function reviveEnded(client: RedisClient): void {
  if (client.status === 'end') client.connect().catch(() => {});
}

function createCluster(address: RedisAddress): Cluster {
  const { host, port } = address;
  return new Cluster([{ host, port }], {
    redisOptions: nodeOptions(address),
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectDelayMs,
    slotsRefreshTimeout: giveUpMs,
    // No waiting inside: whoever asks has a deadline of milliseconds, and asks again.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 0,
    maxRedirections: 3,
    // Certificates are for names, not for the addresses behind them.
    dnsLookup: (name, callback) => callback(null, name),
  });
}

function nodeOptions({ username, password, tls }: RedisAddress) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    connectTimeout: giveUpMs,
    disconnectTimeout: 100,
    commandTimeout: giveUpMs,
    socketTimeout: giveUpMs,
    maxRetriesPerRequest: 0,
    maxLoadingRetryTime: maxReconnectMs,
    autoResendUnfulfilledCommands: false,
  } satisfies RedisOptions;
}

/** @param attempt Counted from 1. The random part keeps many processes from coming back as one. */
function reconnectDelayMs(attempt: number): number {
  return Math.min(25 * 2 ** attempt, maxReconnectMs) * (0.5 + Math.random() / 2);
}

/**
 * A primary that has become a replica refuses to write. Its name leads to the new one, perhaps only
 * in a moment, and reads go well meanwhile: so it is left now and then, not with every refusal.
 */
function createReadOnlyCheck(): (error: Error) => boolean {
  let leftAtMs = -Infinity;
  return (error) => {
    const now = performance.now();
    if (!error.message.startsWith('READONLY') || now - leftAtMs < leaveReplicaEveryMs) return false;
    leftAtMs = now;
    return true;
  };
}
