import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { chunks } from '../core/chunks.ts';
import type { Async } from '../core/failure.ts';
import type { NewMessage, QueueMessage } from '../core/queue.ts';
import { err, ok } from '../core/result.ts';
import { callAws } from './aws-requests.ts';
import { entryBytes, type SqsEntry, toEntry } from './sqs-entry.ts';
import type { SqsParts } from './sqs-queue.ts';

/** Of one request. SQS takes more by now, and other servers don't. */
const limits = { messages: 10, bytes: 256 * 1024 };

type Receipt = Pick<QueueMessage, 'id' | 'receipt'>;

export async function sendMessages(
  parts: SqsParts,
  messages: readonly NewMessage[],
  signal?: AbortSignal,
): Async<void> {
  for (const batch of sized(messages.map(toEntry))) {
    const sent = await inBatch(parts, 'send messages', batch, signal, (entries, abortSignal) =>
      parts.client.send(
        new SendMessageBatchCommand({ QueueUrl: parts.url, Entries: [...entries] }),
        { abortSignal },
      ),
    );
    if (!sent.ok) return sent;
  }
  return ok(undefined);
}

export async function removeMessages(parts: SqsParts, messages: readonly Receipt[]): Async<void> {
  for (const batch of chunks(messages.map(toReceipt), limits.messages)) {
    const removed = await inBatch(parts, 'remove messages', batch, undefined, (Entries, signal) =>
      parts.client.send(
        new DeleteMessageBatchCommand({ QueueUrl: parts.url, Entries: [...Entries] }),
        { abortSignal: signal },
      ),
    );
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}

/** A message that is not hidden any more is as good as released. */
const releasedAlready = /MessageNotInflight|ReceiptHandleIsInvalid/;

export async function releaseMessages(parts: SqsParts, messages: readonly Receipt[]): Async<void> {
  const hidden = messages.map((message) => ({ ...toReceipt(message), VisibilityTimeout: 0 }));
  for (const batch of chunks(hidden, limits.messages)) {
    const released = await inBatch(
      parts,
      'release messages',
      batch,
      undefined,
      async (Entries, abortSignal) => {
        const command = new ChangeMessageVisibilityBatchCommand({
          QueueUrl: parts.url,
          Entries: [...Entries],
        });
        const { Failed = [] } = await parts.client.send(command, { abortSignal });
        return { Failed: Failed.filter(({ Code = '' }) => !releasedAlready.test(Code)) };
      },
    );
    if (!released.ok) return released;
  }
  return ok(undefined);
}

function toReceipt({ receipt }: Receipt): { readonly ReceiptHandle: string } {
  return { ReceiptHandle: receipt };
}

/** As many in one request as it may hold; one that is larger goes alone. */
function sized(entries: readonly SqsEntry[]): SqsEntry[][] {
  const batches: SqsEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = entryBytes(entry);
    const last = batches.at(-1);
    if (last && last.length < limits.messages && bytes + size <= limits.bytes) {
      last.push(entry);
      bytes += size;
    } else {
      batches.push([entry]);
      bytes = size;
    }
  }
  return batches;
}

/** Sends one request, and once more what the queue refused of it. */
async function inBatch<T>(
  { deadlineMs, explain }: SqsParts,
  doing: string,
  batch: readonly T[],
  signal: AbortSignal | undefined,
  ask: (
    entries: readonly (T & { readonly Id: string })[],
    signal: AbortSignal,
  ) => Promise<{ readonly Failed?: readonly BatchResultErrorEntry[] | undefined }>,
): Async<void> {
  let entries = batch.map((entry, at) => ({ ...entry, Id: String(at) }));
  for (let tried = 1; ; tried += 1) {
    const current = entries;
    const call = { deadlineMs, signal, explain: explain(doing) };
    const answer = await callAws(call, (abortSignal) => ask(current, abortSignal));
    if (!answer.ok) return answer;
    const refused = new Map((answer.value.Failed ?? []).map((one) => [one.Id, one]));
    const [why] = refused.values();
    if (!why) return ok(undefined);
    if (tried === 2) {
      const says = `SQS says of ${refused.size} of ${batch.length}: ${why.Code} ${why.Message ?? ''}`;
      return err(explain(doing)(new Error(says.trim())));
    }
    entries = current.filter(({ Id }) => refused.has(Id));
  }
}
