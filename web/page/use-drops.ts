import { useEffect, useState } from 'preact/hooks';
import { type Dropped, type DroppedEntry, readDropped } from './dropped-files.ts';

/**
 * Lets files be dropped anywhere on the page, which a browser would leave for them otherwise. Tells
 * whether some are held over it.
 */
export function useDrops(isOn: boolean, add: (dropped: Dropped) => void): boolean {
  const [isOver, setOver] = useState(false);

  useEffect(() => {
    if (!isOn) return undefined;
    const controller = new AbortController();
    // Each element that the pointer comes to is entered before the last one is left.
    let depth = 0;
    const onDrag = (name: 'dragenter' | 'dragover' | 'dragleave' | 'drop', act: () => void) => {
      const listen = (event: DragEvent) => {
        const { dataTransfer } = event;
        if (dataTransfer?.types.includes('Files') !== true) return;
        event.preventDefault();
        // Nothing is added from behind a picture.
        const isOpen = document.querySelector('dialog[open]') === null;
        dataTransfer.dropEffect = isOpen ? 'copy' : 'none';
        act();
        setOver(depth > 0 && isOpen);
        if (name === 'drop' && isOpen) void take(dataTransfer).then(add);
      };
      addEventListener(name, listen, { signal: controller.signal });
    };
    onDrag('dragenter', () => (depth += 1));
    onDrag('dragover', () => (depth = Math.max(depth, 1)));
    onDrag('dragleave', () => (depth = Math.max(depth - 1, 0)));
    onDrag('drop', () => (depth = 0));
    return () => controller.abort();
  }, [isOn]);

  return isOver;
}

/** All entries are taken before the event ends: after that they are gone. */
function take({ items, files }: DataTransfer): Promise<Dropped> {
  const entries = Array.from(items, (item) => item.webkitGetAsEntry?.() as DroppedEntry | null);
  const present = entries.filter((entry) => entry !== null && entry !== undefined);
  if (present.length > 0) return readDropped(present);
  return Promise.resolve({ files: Array.from(files), remark: '' });
}
