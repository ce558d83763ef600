import { element, icon } from './element.ts';
import { createSlots } from './slots.ts';

/** In pixels, of a screen that has two for one. */
const side = 96;

/** Pictures of cameras are large, and hundreds may be dropped at once. */
const oneByOne = createSlots(1);

/**
 * A file on the reader's own disk, small. Drawn rather than loaded, as the content security policy
 * lets an `img` have nothing from there. What the browser can't read has a placeholder.
 */
export function createPreview(file: File): HTMLElement {
  const frame = element('span', { class: 'preview', 'aria-hidden': 'true' }, icon('picture'));
  void oneByOne(async () => {
    const canvas = await draw(file);
    if (canvas) frame.replaceChildren(canvas);
  });
  return frame;
}

async function draw(file: File): Promise<HTMLCanvasElement | undefined> {
  try {
    const bitmap = await createImageBitmap(file);
    const canvas = element('canvas', { width: side, height: side });
    const scale = Math.max(side / bitmap.width, side / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    const context = canvas.getContext('2d');
    if (context) context.imageSmoothingQuality = 'high';
    context?.drawImage(bitmap, (side - width) / 2, (side - height) / 2, width, height);
    bitmap.close();
    return canvas;
  } catch {
    return undefined;
  }
}
