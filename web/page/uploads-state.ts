import { computed, signal } from '@preact/signals';
import type { UploadsInfo } from '../../core/upload-request.ts';
import { api } from './api.ts';
import { createUploadQueue } from './upload-queue.ts';

/** What the server says of uploads; undefined until it did. */
export const uploadsInfo = signal<UploadsInfo | undefined>(undefined);

/** Whether pictures can be added, and with that removed. */
export const canUpload = computed(() => uploadsInfo.value?.enabled === true);

export const uploadQueue = createUploadQueue(api, () => uploadsInfo.peek());

export async function askForUploadsInfo(): Promise<void> {
  const info = await api.uploads();
  if (info.ok) uploadsInfo.value = info.value;
}
