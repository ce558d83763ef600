import type { Image } from '../core/model.ts';
import type { UploadsInfo } from '../core/upload-request.ts';
import { createUploadPanel, isUnderWay } from './upload-panel.ts';
import { createUploadRow } from './upload-row.ts';
import type { UploadRow, UploadState } from './upload-row.ts';
import { createUploadRun } from './upload-run.ts';
import type { RunningUpload } from './upload-run.ts';

interface Entry extends RunningUpload {
  readonly row: UploadRow;
  state: UploadState;
}

const waiting: UploadState = { step: 'waiting' };

export interface Uploads {
  add(files: Iterable<File>): void;
}

/**
 * Adds files to the pictures that are searched, and shows how far they are.
 *
 * @param known Takes in the new pictures.
 * @param onAdded Called when some were added and none is under way.
 */
export function createUploads(
  info: UploadsInfo,
  known: Map<string, Image>,
  onAdded: () => void,
): Uploads {
  let entries: Entry[] = [];
  const run = createUploadRun(info, known);
  const isBusy = () => entries.some(({ state }) => isUnderWay(state));
  const panel = createUploadPanel(() => {
    entries = [];
    panel.list.replaceChildren();
  });

  function show(entry: Entry, state: UploadState): void {
    entry.state = state;
    entry.row.show(state);
    panel.update(entries.map((one) => one.state));
    if (state.step === 'failed' && state.remedy === 'key') panel.askForKey(retryWithKey);
    if (state.step === 'done' && !isBusy()) onAdded();
  }

  function retryWithKey(): void {
    const wantsKey = ({ state }: Entry) => state.step === 'failed' && state.remedy === 'key';
    for (const entry of entries.filter(wantsKey)) void run(entry);
  }

  function createEntry(file: File): Entry {
    const row = createUploadRow(file, () => void run(entry));
    const entry: Entry = { file, row, state: waiting, show: (state) => show(entry, state) };
    return entry;
  }

  askBeforeLeaving(isBusy);
  return {
    add(files) {
      const added = Array.from(files, createEntry);
      entries.push(...added);
      panel.list.append(...added.map(({ row }) => row.item));
      for (const entry of added) void run(entry);
    },
  };
}

/** A browser asks before a page is left that says so. */
function askBeforeLeaving(isBusy: () => boolean): void {
  addEventListener('beforeunload', (event) => {
    if (isBusy()) event.preventDefault();
  });
}
