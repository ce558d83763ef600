import { expect, test, vi } from 'vitest';
import type { Answer } from '../client-answer.ts';
import { createUploadQueue } from './upload-queue.ts';
import type { UploadClient } from './upload-run.ts';
import { describeUpload, summarizeUploads } from './upload-state.ts';

type Uploading = Parameters<UploadClient['upload']>;

const about = { status: 200, timing: {}, cache: undefined, retryAfterSeconds: undefined };
const info = { enabled: true, max_bytes: 1000, content_types: ['image/png' as const] };

function failed(status: number, code: string, retryAfterSeconds?: number): Answer<never> {
  const rest = { type: '', title: 'It did not work', detail: '', request_id: '', errors: [] };
  const problem = { ...rest, status, code };
  return { ...about, ok: false, status, problem, retryAfterSeconds };
}

function sent(id: string): Answer<{ readonly id: string; readonly key: string }> {
  return { ...about, ok: true, value: { id, key: id } };
}

/** A queue before a server that does what it is told for a file of that name. */
function createWorld(
  upload: (name: string, call: Uploading[1]) => ReturnType<UploadClient['upload']>,
) {
  const asked: string[] = [];
  const queue = createUploadQueue(
    {
      upload(file, call) {
        const name = file instanceof File ? file.name : '';
        asked.push(name);
        return upload(name, call);
      },
      waitUntilSearchable: async (id) => {
        const paths = { file_path: id, file_name: id, s3_key: null, category: null };
        const metadata = { ...paths, width: 1, height: 1, url: '/x', thumbnail_url: null };
        return { ...about, ok: true, value: { id, metadata } };
      },
    },
    () => info,
  );
  const states = () => queue.entries.value.map(({ state }) => state.value);
  return { queue, asked, states, texts: () => states().map(describeUpload) };
}

const png = (name: string) => new File(['x'], name, { type: 'image/png' });

test('Files become searchable, and a round ends when none is under way', async () => {
  const { queue, states, texts } = createWorld(async (name) => sent(name));
  queue.add([png('a.png'), png('b.png'), new File([], 'c.png', { type: 'image/png' })]);
  await vi.waitFor(() => expect(queue.rounds.value).toBe(1));
  expect(texts()).toEqual(['Searchable', 'Searchable', 'The file is empty.']);
  expect(summarizeUploads(states())).toBe('2 pictures added, 1 failed');
  queue.forget('a.png');
  expect(texts()).toEqual(['Searchable', 'The file is empty.']);
});

test('A file that is being sent can be cancelled, and be tried again', async () => {
  let isPatient = false;
  const { queue, asked, texts } = createWorld(async (name, call) => {
    if (isPatient) return sent(name);
    call?.onProgress?.({ sent: 42, total: 100 });
    await new Promise((resolve) => call?.signal?.addEventListener('abort', resolve));
    return failed(0, 'cancelled');
  });
  queue.add([png('a.png')]);
  await vi.waitFor(() => expect(texts()).toEqual(['Sending, 42 %']));
  queue.entries.value[0]?.cancel();
  await vi.waitFor(() => expect(texts()).toEqual(['Cancelled']));
  isPatient = true;
  queue.entries.value[0]?.retry();
  await vi.waitFor(() => expect(texts()).toEqual(['Searchable']));
  expect(asked).toEqual(['a.png', 'a.png']);
});

test('A file that waits for others is never sent once it is cancelled', async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const { queue, asked, texts } = createWorld(async (name) => {
    await gate;
    return sent(name);
  });
  queue.add(['a.png', 'b.png', 'c.png', 'd.png'].map(png));
  queue.entries.value[3]?.cancel();
  expect(texts().slice(3)).toEqual(['Cancelled']);
  release();
  await vi.waitFor(() => expect(queue.rounds.value).toBe(1));
  expect(asked).toEqual(['a.png', 'b.png', 'c.png']);
});

test('A file that is tried again before its turn came is sent once', async () => {
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const { queue, asked, texts } = createWorld(async (name) => {
    await gate;
    return sent(name);
  });
  queue.add(['a.png', 'b.png', 'c.png', 'd.png'].map(png));
  queue.entries.value[3]?.cancel();
  queue.entries.value[3]?.retry();
  release();
  await vi.waitFor(() => expect(new Set(texts())).toEqual(new Set(['Searchable'])));
  expect(asked).toEqual(['a.png', 'b.png', 'c.png', 'd.png']);
});

test('A busy server is asked again when it says', async () => {
  let isBusy = true;
  const { queue, texts } = createWorld(async (name) => {
    if (!isBusy) return sent(name);
    isBusy = false;
    return failed(429, 'rate_limited', 0);
  });
  queue.add([png('a.png')]);
  await vi.waitFor(() => expect(texts()).toEqual(['Searchable']));
});

test('With a key all that wanted one are tried again, and those alone', async () => {
  let hasKey = false;
  const { queue, asked, texts } = createWorld(async (name) => {
    if (name === 'broken.png') return failed(422, 'image_corrupt');
    return hasKey ? sent(name) : failed(401, 'unauthenticated');
  });
  queue.add([png('a.png'), png('broken.png')]);
  const wanting = ['This needs an API key.', 'It did not work.'];
  await vi.waitFor(() => expect(texts()).toEqual(wanting));
  hasKey = true;
  queue.retryWithKey();
  await vi.waitFor(() => expect(texts()).toEqual(['Searchable', 'It did not work.']));
  expect(asked).toEqual(['a.png', 'broken.png', 'a.png']);
});
