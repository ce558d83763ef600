import { createSqsQueue } from '../adapters/sqs-queue.ts';
import type { Failure } from '../core/failure.ts';
import type { Queue } from '../core/queue.ts';
import { ok, type Result } from '../core/result.ts';
import { wrongArgument } from './command.ts';

/** The queue whose URL this environment variable has. */
export function openQueue(name: string): Result<Queue, Failure> {
  const url = process.env[name] ?? '';
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return ok(createSqsQueue({ url }));
  return wrongArgument(`${name} must be the URL of a queue: ${url || 'it is not set'}`);
}
