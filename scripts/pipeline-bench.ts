import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import type { LocalAws } from './local-aws/local-aws.ts';
import type { LocalAwsAnswer } from './local-aws/local-aws-process.ts';

export interface RemoteAws {
  readonly aws: Pick<LocalAws, 'client' | 'queueUrl' | 'deadLetterQueueUrl'>;
  /** What it has cost so far. */
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
}

/** S3 and SQS in a process of their own. */
export async function startRemoteAws(bucket: string): Promise<RemoteAws> {
  const file = fileURLToPath(new URL('local-aws/local-aws-process.ts', import.meta.url));
  const child = fork(file, [bucket], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const first = await answerOf(child);
  if (!('aws' in first)) throw new Error('The local AWS did not say where it is');
  return {
    aws: first.aws,
    async cpuMs() {
      child.send('cost');
      const answer = await answerOf(child);
      return 'cpuMs' in answer ? answer.cpuMs : 0;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

async function answerOf(child: ChildProcess): Promise<LocalAwsAnswer> {
  const [answer] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (child.exitCode !== null) throw new Error('The local AWS has ended');
  return answer as LocalAwsAnswer;
}

/** A JPEG of 640 × 480: noise over colours, as hard to decode as a photograph, no two alike. */
export function makePicture(n: number): Promise<Buffer> {
  const [width, height] = [640, 480];
  const pixels = new Uint8Array(width * height * 3);
  for (let at = 0; at < pixels.length; at += 1) {
    pixels[at] = ((at * (n + 7)) >>> 9) + ((Math.imul(at ^ n, 2654435761) >>> 26) & 31);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg()
    .toBuffer();
}

/** All pictures of a folder. */
export async function readPictures(folder: string): Promise<Uint8Array[]> {
  const objects = createDirectoryObjects(folder);
  const pictures: Uint8Array[] = [];
  for await (const item of objects.list()) {
    const file = item.ok ? await objects.get(item.value.key) : item;
    if (file.ok) pictures.push(file.value.bytes);
  }
  return pictures;
}

export interface Cost {
  readonly ms: number;
  /** Of this process, all threads together. */
  readonly cpuMs: number;
}

export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const begunMs = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - begunMs, cpuMs: (user + system) / 1000 };
}
