/**
 * The local AWS as a process of its own, so that what it costs is not counted as its clients'. Asked
 * with any message it says what it has cost so far; it ends with the process that started it.
 */
import { type LocalAws, startLocalAws } from './local-aws.ts';

/** What it says first, and then to each question. */
export type LocalAwsAnswer =
  | { readonly aws: Pick<LocalAws, 'client' | 'queueUrl' | 'deadLetterQueueUrl'> }
  | { readonly cpuMs: number };

function say(answer: LocalAwsAnswer): void {
  process.send?.(answer);
}

const started = await startLocalAws({ bucket: process.argv[2] ?? 'pictures', hideSeconds: 600 });
if (!started.ok) throw new Error(started.error.detail);
const { client, queueUrl, deadLetterQueueUrl } = started.value;
process.on('disconnect', () => process.exit());
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  say({ cpuMs: (user + system) / 1000 });
});
say({ aws: { client, queueUrl, deadLetterQueueUrl } });
