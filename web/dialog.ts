import type { Image } from '../core/model.ts';
import { api } from './api.ts';
import { createBar, createDetail, createTitle } from './detail.ts';
import { find } from './element.ts';
import { createLatest } from './latest.ts';
import { createProblemNotice } from './notice.ts';
import { currentEntry, currentPlace, leaveDetail } from './place.ts';
import { explain } from './problem.ts';
import { createRemoval } from './removal.ts';
import type { RemovalOptions } from './removal.ts';
import { createSimilar } from './similar.ts';

export interface DetailDialog {
  /** Opens the picture, or closes the view where there is none. */
  show(id: string | null): Promise<void>;
}

/** Shows one picture at a time. `known` are pictures that need not be fetched. */
export function createDetailDialog(
  known: Map<string, Image>,
  removing: RemovalOptions,
): DetailDialog {
  const loads = createLatest();
  const { dialog, present } = createFrame(() => loads.cancel());
  let shown: string | null = null;

  async function load(id: string, signal: AbortSignal): Promise<void> {
    const kept = known.get(id);
    const answer = kept ? { ok: true as const, value: kept } : await api.image(id, { signal });
    if (signal.aborted) return;
    if (!answer.ok) {
      const again = () => void load(id, loads.next());
      return present(createTitle('Picture'), createProblemNotice(explain(answer), again));
    }
    const image = answer.value;
    known.set(id, image);
    const { query } = currentPlace();
    present(
      createDetail(image, createRemoval(image, { ...removing, onRemoved })),
      createSimilar({ image, query, known, signal }),
    );
  }

  function onRemoved(id: string): void {
    known.delete(id);
    // First: it gives the focus back to the card, from where it goes on to another.
    if (shown === id) dialog.close();
    removing.onRemoved(id);
  }

  return {
    async show(id) {
      if (id === null) {
        loads.cancel();
        return dialog.close();
      }
      if (id === shown && dialog.open) return;
      shown = id;
      await load(id, loads.next());
    },
  };
}

/** The native dialog, empty while it is closed. */
function createFrame(onClose: () => void) {
  const dialog = find('detail', HTMLDialogElement);

  // Escape, the close button and a click beside it (`closedby`) all end here; so does Back, with
  // nothing to leave.
  dialog.addEventListener('close', () => {
    if (dialog.open) return;
    onClose();
    dialog.replaceChildren();
    if (currentPlace().image !== null) leaveDetail();
  });

  return {
    dialog,
    present(...content: readonly HTMLElement[]) {
      const canGoBack = currentEntry().depth > 1;
      const bar = createBar({ canGoBack, close: () => dialog.close() });
      dialog.replaceChildren(bar, ...content);
      if (!dialog.open) dialog.showModal();
      dialog.scrollTop = 0;
      find('detail-name', HTMLElement).focus({ preventScroll: true });
    },
  };
}
