import type { UploadsInfo } from '../../core/upload-request.ts';
import type { Answer } from '../client-answer.ts';
import type { Client } from '../client.ts';
import { known } from './known.ts';
import { pause } from './latest.ts';
import { createSlots } from './slots.ts';
import { explainUpload, findFault } from './upload-problem.ts';
import type { UploadState } from './upload-state.ts';

export interface RunningUpload {
  readonly file: File;
  /** Ends it, until the file is sent. */
  readonly signal: AbortSignal;
  /** Of the picture, once it was sent: what comes after that may be tried again without sending it. */
  id?: string;
  show(state: UploadState): void;
}

/** How many files are sent at a time, and how many others are asked for whether they are there. */
const atATime = { sending: 3, indexing: 16 } as const;
const tries = 4;
const busySeconds = 2;

export type UploadClient = Pick<Client, 'upload' | 'waitUntilSearchable'>;

/** Gives what brings a file among the pictures that are searched. */
export function createUploadRun(
  client: UploadClient,
): (upload: RunningUpload, info: UploadsInfo) => Promise<void> {
  const sending = createSlots(atATime.sending);
  const indexing = createSlots(atATime.indexing);

  return async (upload, info) => {
    const { file, show, signal } = upload;
    const fault = findFault(file, info);
    if (fault) return show({ step: 'failed', ...fault });
    show({ step: 'waiting' });
    if (upload.id === undefined) {
      // At once, and not when its turn comes: by then it may be tried again.
      const stop = () => show({ step: 'cancelled' });
      signal.addEventListener('abort', stop);
      const sent = await sending(() => send(client, upload));
      signal.removeEventListener('abort', stop);
      if (sent === 'cancelled' || signal.aborted) return;
      if (!sent.ok) return show({ step: 'failed', ...explainUpload(sent, false) });
      upload.id = sent.value.id;
    }
    const { id } = upload;
    show({ step: 'indexing' });
    const found = await indexing(() => client.waitUntilSearchable(id));
    if (!found.ok) return show({ step: 'failed', ...explainUpload(found, true) });
    known.set(id, found.value);
    show({ step: 'done', id });
  };
}

/** A server that has too much to do is asked again when it says. */
async function send(
  client: UploadClient,
  { file, show, signal }: RunningUpload,
): Promise<Answer<{ readonly id: string }> | 'cancelled'> {
  const onProgress = ({ sent, total }: { readonly sent: number; readonly total: number }) => {
    if (!signal.aborted) show({ step: 'sending', share: total > 0 ? sent / total : 1 });
  };
  for (let left = tries; !signal.aborted; left -= 1) {
    onProgress({ sent: 0, total: 1 });
    const answer = await client.upload(file, { onProgress, signal });
    if (answer.ok || left === 1 || ![429, 503].includes(answer.status)) return answer;
    if (signal.aborted) break;
    show({ step: 'waiting' });
    await pause((answer.retryAfterSeconds ?? busySeconds) * 1000, signal);
  }
  return 'cancelled';
}
