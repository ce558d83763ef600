import type { UploadProblem } from './upload-problem.ts';
import { countPictures } from './words.ts';

/** How far a file is. */
export type UploadState =
  | { readonly step: 'waiting' | 'indexing' | 'cancelled' }
  | { readonly step: 'sending'; readonly share: number }
  | { readonly step: 'done'; readonly id: string }
  | ({ readonly step: 'failed' } & UploadProblem);

const ends = new Set<UploadState['step']>(['done', 'failed', 'cancelled']);

export function isUnderWay({ step }: UploadState): boolean {
  return !ends.has(step);
}

const words = {
  waiting: 'Waiting',
  indexing: 'Being indexed…',
  cancelled: 'Cancelled',
  done: 'Searchable',
} as const;

export function describeUpload(state: UploadState): string {
  if (state.step === 'failed') return state.text;
  if (state.step === 'sending') return `Sending, ${Math.floor(state.share * 100)} %`;
  return words[state.step];
}

/** What became of all files, in one line that changes only when a file ends. */
export function summarizeUploads(states: readonly UploadState[]): string {
  const count = (step: UploadState['step']) => states.filter((one) => one.step === step).length;
  const [done, failed, cancelled] = [count('done'), count('failed'), count('cancelled')];
  const bad = [
    ...(failed === 0 ? [] : [`, ${failed} failed`]),
    ...(cancelled === 0 ? [] : [`, ${cancelled} cancelled`]),
  ].join('');
  if (states.some(isUnderWay)) return `${done} of ${countPictures(states.length)} added${bad}`;
  if (done > 0) return `${countPictures(done)} added${bad}`;
  return states.length === 1 ? 'The picture was not added' : 'No picture was added';
}
