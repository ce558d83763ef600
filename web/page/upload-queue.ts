import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { UploadsInfo } from '../../core/upload-request.ts';
import { createUploadRun, type RunningUpload, type UploadClient } from './upload-run.ts';
import { isUnderWay, type UploadState } from './upload-state.ts';

export interface UploadEntry {
  /** Of this file alone, while the page is open. */
  readonly key: number;
  readonly file: File;
  readonly state: ReadonlySignal<UploadState>;
  retry(): void;
  /** Ends it where it is not sent yet. */
  cancel(): void;
}

export interface UploadQueue {
  readonly entries: ReadonlySignal<readonly UploadEntry[]>;
  /** How often some were added and then none was under way. */
  readonly rounds: ReadonlySignal<number>;
  /** Something to say of what was chosen, such as what was left out; empty for nothing. */
  readonly remark: Signal<string>;
  add(files: Iterable<File>): void;
  /** Tries again all that wanted an API key. */
  retryWithKey(): void;
  /** Forgets the file of a picture that was removed. */
  forget(id: string): void;
  /** Forgets all files, of which none may be under way. */
  clear(): void;
}

/** Adds files to the pictures that are searched, a few at a time. */
export function createUploadQueue(
  client: UploadClient,
  info: () => UploadsInfo | undefined,
): UploadQueue {
  const entries = signal<readonly UploadEntry[]>([]);
  const rounds = signal(0);
  const remark = signal('');
  const run = createUploadRun(client);
  let nextKey = 0;
  let isAdded = false;

  function onState(state: UploadState): void {
    if (state.step === 'done') isAdded = true;
    const isBusy = entries.peek().some((one) => isUnderWay(one.state.peek()));
    if (!isAdded || isBusy) return;
    isAdded = false;
    rounds.value += 1;
  }

  function createNext(file: File): UploadEntry {
    nextKey += 1;
    return createEntry(file, nextKey, { run, info, onState });
  }

  return {
    entries,
    rounds,
    remark,
    add(files) {
      entries.value = [...entries.peek(), ...Array.from(files, createNext)];
    },
    retryWithKey() {
      for (const entry of entries.peek()) if (wantsKey(entry.state.peek())) entry.retry();
    },
    forget(id) {
      entries.value = entries.peek().filter(({ state }) => !hasBecome(state.peek(), id));
    },
    clear() {
      entries.value = [];
      remark.value = '';
    },
  };
}

interface EntryParts {
  readonly run: ReturnType<typeof createUploadRun>;
  readonly info: () => UploadsInfo | undefined;
  readonly onState: (state: UploadState) => void;
}

function createEntry(file: File, key: number, { run, info, onState }: EntryParts): UploadEntry {
  const state = signal<UploadState>({ step: 'waiting' });
  let controller = new AbortController();
  let before: Pick<RunningUpload, 'id'> = {};

  function start(): void {
    const known = info();
    if (!known) return;
    controller = new AbortController();
    const show = (now: UploadState) => {
      state.value = now;
      onState(now);
    };
    const upload: RunningUpload = { ...before, file, signal: controller.signal, show };
    before = upload;
    void run(upload, known);
  }

  start();
  return { key, file, state, retry: start, cancel: () => controller.abort() };
}

function hasBecome(state: UploadState, id: string): boolean {
  return state.step === 'done' && state.id === id;
}

export function wantsKey(state: UploadState): boolean {
  return state.step === 'failed' && state.remedy === 'key';
}
