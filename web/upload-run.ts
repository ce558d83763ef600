import type { Image } from '../core/model.ts';
import type { UploadsInfo } from '../core/upload-request.ts';
import { api } from './api.ts';
import type { Answer } from './client-answer.ts';
import { pause } from './latest.ts';
import { createSlots } from './slots.ts';
import { explainUpload, findFault } from './upload-problem.ts';
import type { UploadState } from './upload-row.ts';

export interface RunningUpload {
  readonly file: File;
  /** Of the picture, once it was sent: what comes after that may be tried again without sending it. */
  id?: string;
  show(state: UploadState): void;
}

/** How many files are sent at a time, and how many others are asked for whether they are there. */
const atATime = { sending: 3, indexing: 16 } as const;
const tries = 4;
const busySeconds = 2;

/** Gives what brings a file among the pictures that are searched. `known` takes them in. */
export function createUploadRun(
  info: UploadsInfo,
  known: Map<string, Image>,
): (upload: RunningUpload) => Promise<void> {
  const sending = createSlots(atATime.sending);
  const indexing = createSlots(atATime.indexing);

  return async (upload) => {
    const { file, show } = upload;
    const fault = findFault(file, info);
    if (fault) return show({ step: 'failed', ...fault });
    show({ step: 'waiting' });
    if (upload.id === undefined) {
      const sent = await sending(() => send(upload));
      if (!sent.ok) return show({ step: 'failed', ...explainUpload(sent, false) });
      upload.id = sent.value.id;
    }
    const { id } = upload;
    show({ step: 'indexing' });
    const found = await indexing(() => api.waitUntilSearchable(id));
    if (!found.ok) return show({ step: 'failed', ...explainUpload(found, true) });
    known.set(id, found.value);
    show({ step: 'done', id });
  };
}

/** A server that has too much to do is asked again when it says. */
async function send({ file, show }: RunningUpload): Promise<Answer<{ readonly id: string }>> {
  const onProgress = ({ sent, total }: { readonly sent: number; readonly total: number }) =>
    show({ step: 'sending', share: total > 0 ? sent / total : 1 });
  for (let left = tries; ; left -= 1) {
    onProgress({ sent: 0, total: 1 });
    const answer = await api.upload(file, { onProgress });
    if (answer.ok || left === 1 || ![429, 503].includes(answer.status)) return answer;
    show({ step: 'waiting' });
    const milliseconds = (answer.retryAfterSeconds ?? busySeconds) * 1000;
    await pause(milliseconds, new AbortController().signal);
  }
}
