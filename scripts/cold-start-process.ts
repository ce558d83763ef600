import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { percentile } from '../core/rolling-window.ts';

/** A function to start, and what it is asked then. */
export interface ColdStart {
  /** Of its bundle. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly event: unknown;
  /** What its answer, as JSON, must look like. */
  readonly answer: RegExp;
  /** Code that runs before the handler is imported. */
  readonly prelude?: string;
}

export interface FirstAnswer {
  /** From the start of the process. */
  readonly totalMs: number;
  /** From the beginning of the import of the handler: what Lambda counts as its start. */
  readonly answerMs: number;
  readonly importMs: number;
}

/** Runs in the new process: the time counts from its very beginning. */
const child = `
import { writeSync } from 'node:fs';
const [, bundle, event, prelude] = process.argv;
if (prelude) await import(prelude);
const began = performance.now();
const { handler } = await import(bundle);
const imported = performance.now();
const answer = await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 300000 });
const answered = performance.now();
writeSync(3, JSON.stringify({ answer: JSON.stringify(answer) ?? 'nothing', importMs: imported - began, answerMs: answered - began }));
process.exit(0);
`;

/** Starts it in a process of its own, with its environment alone, and waits for its first answer. */
export async function firstAnswer(start: ColdStart): Async<FirstAnswer> {
  const { directory, env, event, answer, prelude = '' } = start;
  const began = performance.now();
  const asked = [join(directory, 'lambda.mjs'), JSON.stringify(event)];
  const code = prelude && `data:text/javascript,${encodeURIComponent(prelude)}`;
  const args = ['--input-type=module', '-e', child, ...asked, code];
  const started = spawn(process.execPath, args, {
    cwd: directory,
    env: { ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let totalMs = 0;
  let [said, complaint] = ['', ''];
  started.stdio[3]?.on('data', (text: Buffer) => {
    totalMs ||= performance.now() - began;
    said += text.toString();
  });
  started.stderr?.on('data', (text: Buffer) => (complaint += text.toString()));
  await once(started, 'close');
  if (said === '') {
    // The last lines: before them is the code that threw.
    const detail = `Cannot measure as it died: ${complaint.slice(-1000)}`;
    return err(failure('invalid_field', detail));
  }
  const { answer: given, ...times } = JSON.parse(said) as FirstAnswer & { readonly answer: string };
  if (answer.test(given)) return ok({ ...times, totalMs });
  const detail = `Cannot measure as the first answer is another: ${given.slice(0, 500)}`;
  return err(failure('search_unavailable', detail));
}

/** A process that does nothing: what no bundle can be faster than. */
export async function measureFloor(): Promise<number> {
  const began = performance.now();
  await once(spawn(process.execPath, ['-e', ''], { stdio: 'ignore' }), 'close');
  return performance.now() - began;
}

export interface Numbers {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export type Summary = Readonly<Record<keyof FirstAnswer, Numbers>>;

export function summarizeAll(answers: readonly FirstAnswer[]): Summary {
  const of = (key: keyof FirstAnswer) => summarize(answers.map((answer) => answer[key]));
  return { totalMs: of('totalMs'), answerMs: of('answerMs'), importMs: of('importMs') };
}

export function summarize(milliseconds: readonly number[]): Numbers {
  const sorted = Float64Array.from(milliseconds).sort();
  return { p50Ms: percentile(sorted, 50), p95Ms: percentile(sorted, 95) };
}
