import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { abortFailure, type Async, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { HubFile, HubPlace, ModelHub } from './model-hub.ts';
import type { HubAnswer, Refusal } from './model-hub-request.ts';
import { withRetries } from './model-hub-retry.ts';
import { explainDisk } from './model-pull-disk.ts';
import { notAsLocked } from './model-pull-lock.ts';

export interface PullFileOptions {
  readonly hub: ModelHub;
  readonly place: HubPlace;
  readonly file: HubFile;
  /** Where it is written. What is there already, from a pull that ended early, is kept. */
  readonly target: string;
  /** Called with how many more bytes are there; below 0 when a file has to be begun again. */
  readonly onBytes: (count: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches what is missing of one file and checks the whole of it.
 * @returns The SHA-256 of what is on disk now. Fails with `model_unavailable`, or `invalid_model`
 * for content that is not the one it should be; that is deleted.
 */
export function pullFile(options: PullFileOptions): Async<string> {
  let reached = 0;
  const counted: PullFileOptions = {
    ...options,
    onBytes(count) {
      reached += count;
      options.onBytes(count);
    },
  };
  return withRetries(
    async () => {
      counted.onBytes(-reached);
      try {
        return await pullOnce(counted);
      } catch (error) {
        return err({ failure: explainDisk(error, options.target), again: false });
      }
    },
    { delayMs: options.hub.retryDelayMs, reached: () => reached, signal: options.signal },
  );
}

/** The hash that is recorded, and git's own where that is what the hub vouches with. */
function createDigest({ bytes, gitSha1 }: HubFile) {
  const sha256 = createHash('sha256');
  const git = gitSha1 === undefined ? undefined : createHash('sha1').update(`blob ${bytes}\0`);
  return {
    update(part: Uint8Array) {
      sha256.update(part);
      git?.update(part);
    },
    finish: () => ({ sha256: sha256.digest('hex'), gitSha1: git?.digest('hex') }),
  };
}
type Digest = ReturnType<typeof createDigest>;

async function pullOnce(options: PullFileOptions): Promise<Result<string, Refusal>> {
  const { file, target, signal } = options;
  await mkdir(dirname(target), { recursive: true });
  const present = await presentBytes(target, file.bytes);
  let digest = createDigest(file);
  if (present > 0) {
    for await (const part of createReadStream(target)) {
      if (signal?.aborted === true) return err({ failure: abortFailure(signal), again: false });
      digest.update(part);
      options.onBytes(part.length);
    }
  }
  if (present < file.bytes) {
    const fetched = await fetchRest(options, present, digest);
    if (!fetched.ok) return fetched;
    digest = fetched.value;
  }
  return checkContent(options, digest.finish(), present);
}

/** More than there should be can't be the beginning of it. */
async function presentBytes(target: string, bytes: number): Promise<number> {
  const size = await stat(target).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size <= bytes) return size;
  await rm(target);
  return 0;
}

async function fetchRest(
  options: PullFileOptions,
  present: number,
  digest: Digest,
): Promise<Result<Digest, Refusal>> {
  const { hub, place, file, target, signal } = options;
  const answer = await hub.open(place, file.path, present, signal);
  if (!answer.ok) return answer;
  const starts = startOf(answer.value);
  if (starts === present) return writeParts(options, answer.value, present, digest);
  if (starts === 0) {
    // This hub sends only whole files: begin again.
    options.onBytes(-present);
    await rm(target);
    return writeParts(options, answer.value, 0, createDigest(file));
  }
  await answer.value.drop();
  await rm(target);
  return refuse(file, 'the hub sent another part of a file than was asked for', false);
}

/** Which byte the answer begins with. */
function startOf({ response }: HubAnswer): number {
  if (response.status !== 206) return 0;
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? -1);
}

async function writeParts(
  { file, target, onBytes }: PullFileOptions,
  answer: HubAnswer,
  from: number,
  digest: Digest,
): Promise<Result<Digest, Refusal>> {
  let size = from;
  await using handle = await open(target, 'a');
  for await (const part of answer.parts()) {
    if (!part.ok) return part;
    size += part.value.length;
    if (size > file.bytes) {
      await rm(target);
      return refuse(file, `a file has more than the ${file.bytes} bytes that the hub lists`, false);
    }
    await handle.appendFile(part.value);
    digest.update(part.value);
    onBytes(part.value.length);
  }
  if (size < file.bytes) {
    return refuse(file, `a file was cut short at ${size} of ${file.bytes} bytes`, true);
  }
  await handle.sync();
  return ok(digest);
}

/**
 * A file that was put together from two pulls gets a second chance from its beginning: the hash
 * covers all of it, so no validator has to be kept beside it.
 */
async function checkContent(
  { file, target }: PullFileOptions,
  found: ReturnType<Digest['finish']>,
  resumedFrom: number,
): Promise<Result<string, Refusal>> {
  const expected = file.sha256 ?? file.gitSha1;
  const got = file.sha256 === undefined ? found.gitSha1 : found.sha256;
  if (expected === undefined || expected === got) return ok(found.sha256);
  await rm(target);
  if (file.sha256 !== undefined && file.gitSha1 !== undefined && file.gitSha1 === found.gitSha1) {
    // Whole and as the hub lists it: only the lock says something else.
    const record = { bytes: file.bytes, sha256: file.sha256 };
    const now = { bytes: file.bytes, sha256: found.sha256 };
    return err({ failure: notAsLocked(file.path, record, now), again: false });
  }
  const detail = `Cannot pull the model as a file has the hash ${got ?? found.sha256} in place of ${expected}; it was deleted, so pull again, and if that does not help ask who runs the hub or the mirror: ${file.path}`;
  return err({ failure: failure('invalid_model', detail), again: resumedFrom > 0 });
}

function refuse({ path }: HubFile, why: string, again: boolean): Result<never, Refusal> {
  const detail = `Cannot pull the model as ${why}; run it again to go on: ${path}`;
  return err({ failure: failure('model_unavailable', detail), again });
}
