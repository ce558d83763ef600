import type { Image } from '../core/model.ts';
import { api } from './api.ts';
import { listenToDrops } from './drop.ts';
import { find } from './element.ts';
import { createUploads } from './uploads.ts';

/**
 * Offers to add pictures, where the server takes any, and tells whether it does.
 *
 * @param onAdded Called when some were added and none is under way.
 */
export async function offerAdding(
  known: Map<string, Image>,
  onAdded: () => void,
): Promise<boolean> {
  const info = await api.uploads();
  if (!info.ok || !info.value.enabled) return false;
  const uploads = createUploads(info.value, known, onAdded);
  const picker = find('files', HTMLInputElement);
  const button = find('add', HTMLButtonElement);
  picker.accept = info.value.content_types.join();
  button.hidden = false;
  button.addEventListener('click', () => picker.click());
  picker.addEventListener('change', () => {
    uploads.add([...(picker.files ?? [])]);
    // The same file may be chosen again.
    picker.value = '';
  });
  listenToDrops((files) => uploads.add(files));
  return true;
}
