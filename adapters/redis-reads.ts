import { ok, type Result } from '../core/result.ts';
import type { RedisConnection, RedisRefusal } from './redis-connection.ts';

type Value = string | undefined;

export type RedisReads = (keys: readonly string[]) => Promise<readonly Value[] | undefined>;

/** More keys than that go in several commands, so that no answer keeps others waiting for long. */
const maxKeys = 128;

interface Batch {
  /** Where in the answer the value of a key is. */
  readonly places: Map<string, number>;
  readonly values: Promise<readonly Value[] | undefined>;
}

/**
 * Reads keys. All that is asked in one turn of the event loop goes to Redis as one command, in which
 * every key is named once: under load many requests wait in every turn, and all name the generation.
 */
export function createRedisReads(connection: RedisConnection): RedisReads {
  const read = connection.clustered ? readOneByOne : readTogether;
  let filling: Batch | undefined;

  function openBatch(): Batch {
    const places = new Map<string, number>();
    const { promise, resolve } = Promise.withResolvers<readonly Value[] | undefined>();
    const batch = { places, values: promise };
    setImmediate(() => {
      if (filling === batch) filling = undefined;
      resolve(read(connection, [...places.keys()]));
    });
    return batch;
  }

  return async (keys) => {
    if (keys.length === 0) return [];
    if (!connection.isUsable()) return undefined;
    if (filling === undefined || filling.places.size >= maxKeys) filling = openBatch();
    const { places, values } = filling;
    for (const key of keys) if (!places.has(key)) places.set(key, places.size);
    const found = await values;
    return found && keys.map((key) => found[places.get(key) ?? -1]);
  };
}

/** A value of another type counts as none here; it is `set` that meets it. */
async function readTogether(
  connection: RedisConnection,
  keys: readonly string[],
): Promise<readonly Value[] | undefined> {
  const answer = await connection.ask(keys[0] ?? '', (client) => client.mget([...keys]));
  // Whatever is at the other end may send anything.
  const values: unknown = answer.ok ? answer.value : undefined;
  if (!Array.isArray(values) || values.length !== keys.length) return undefined;
  return values.map(textOf);
}

async function readOneByOne(
  connection: RedisConnection,
  keys: readonly string[],
): Promise<readonly Value[] | undefined> {
  const answers = await Promise.all(keys.map((key) => readOne(connection, key)));
  const values = answers.flatMap((answer) => (answer.ok ? [textOf(answer.value)] : []));
  return values.length === keys.length ? values : undefined;
}

async function readOne(
  connection: RedisConnection,
  key: string,
): Promise<Result<unknown, RedisRefusal>> {
  const answer = await connection.ask(key, (client) => client.get(key));
  return !answer.ok && answer.error === 'WRONGTYPE' ? ok(undefined) : answer;
}

function textOf(value: unknown): Value {
  return typeof value === 'string' ? value : undefined;
}
