import { type Failure, failure, failures } from '../../core/failure.ts';
import type { Outcome } from '../../core/indexer.ts';
import { parseObjectMessage } from '../../core/object-event.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { BatchContext } from '../batch.ts';
import type { BatchMessage } from '../batch-event.ts';

/** What came of a look at some keys, as the indexer says it. */
export type Looked = Result<readonly Outcome[], Failure>;

/** What the messages of a batch want to be looked at. */
export interface Wishes {
  /** Each once, in order of first appearance. */
  readonly keys: readonly string[];
  /** How often the most received message was received that wants one of these. */
  receivesOf(keys: readonly string[]): number;
  /** These were looked at. A message is settled with the last of its keys. */
  grant(keys: readonly string[], looked: Looked): void;
}

/** A message and what is still to be done of it. */
interface Wish {
  readonly message: BatchMessage;
  left: number;
  failed?: Failure;
}

/** Messages that want nothing, or can't be read, are settled at once. */
export function readWishes(
  messages: readonly BatchMessage[],
  bucket: string,
  settle: BatchContext['settle'],
): Wishes {
  const wishes = new Map<string, Wish[]>();
  for (const message of messages) {
    const keys = readKeys(message.body, bucket);
    if (!keys.ok || keys.value.size === 0) {
      settle(message, keys);
      continue;
    }
    const wish: Wish = { message, left: keys.value.size };
    for (const key of keys.value) {
      const waiting = wishes.get(key);
      if (waiting) waiting.push(wish);
      else wishes.set(key, [wish]);
    }
  }
  const of = (key: string): readonly Wish[] => wishes.get(key) ?? [];
  return {
    keys: [...wishes.keys()],
    receivesOf: (keys) =>
      keys.flatMap(of).reduce((most, { message }) => Math.max(most, message.receives), 0),
    grant(keys, looked) {
      const failed = failuresOf(looked);
      for (const key of keys) for (const wish of of(key)) grantOne(wish, failed(key), settle);
    },
  };
}

/** The distinct keys of a message. */
function readKeys(body: string, bucket: string): Result<ReadonlySet<string>, Failure> {
  const places = parseObjectMessage(body);
  if (!places.ok) return places;
  const other = places.value.find((place) => place.bucket !== bucket);
  if (other === undefined) return ok(new Set(places.value.map(({ key }) => key)));
  const detail = `Cannot index the object as PICTURES_BUCKET is another bucket (${bucket}): s3://${other.bucket}/${other.key}`;
  return err(failure('message_unusable', detail));
}

/** Why a key is to be looked at again, or `undefined` where it is not. */
function failuresOf(looked: Looked): (key: string) => Failure | undefined {
  if (!looked.ok) {
    const failed = forLater(looked.error);
    return () => failed;
  }
  const outcomes = new Map(looked.value.map((outcome) => [outcome.path, outcome]));
  return (key) => {
    const found = outcomes.get(key);
    if (found === undefined) throw new Error(`There is no outcome for a key: ${key}`);
    const { outcome, code, reason = '' } = found;
    if (outcome !== 'failed') return undefined;
    if (code === undefined) throw new Error(`A failure has no code: ${reason}`);
    return failures[code].retry ? failure(code, reason) : undefined;
  };
}

/**
 * What fails as a whole says nothing about a picture, so no message is acknowledged for it: also where
 * the table has no hope, as of another model behind `ENCODER_URL` or in the index. That is over when the
 * function is started anew.
 */
function forLater(error: Failure): Failure {
  if (failures[error.code].retry) return error;
  const detail = `${error.detail} (${error.code})`;
  return failure('encoder_unavailable', detail, { cause: error.cause });
}

function grantOne(wish: Wish, failed: Failure | undefined, settle: BatchContext['settle']): void {
  wish.left -= 1;
  if (failed !== undefined) wish.failed ??= failed;
  if (wish.left > 0) return;
  settle(wish.message, wish.failed === undefined ? ok(undefined) : err(wish.failed));
}
