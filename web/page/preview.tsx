import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icons.tsx';
import { createSlots } from './slots.ts';

/** In pixels, of a screen that has two for one. */
const side = 96;

/** Pictures of cameras are large, and hundreds may be dropped at once. */
const oneByOne = createSlots(1);

/**
 * A file on the reader's own disk, small. Drawn rather than loaded, as the content security policy
 * lets an `img` have nothing from there. What the browser can't read has a placeholder.
 */
export function Preview({ file }: { readonly file: File }) {
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    void oneByOne(async () => {
      const isDrawn = canvas.current !== null && (await draw(file, canvas.current));
      canvas.current?.parentElement?.toggleAttribute('data-drawn', isDrawn);
    });
  }, [file]);

  return (
    <span class="preview" aria-hidden="true">
      <Icon name="picture" />
      <canvas ref={canvas} width={side} height={side} />
    </span>
  );
}

async function draw(file: File, canvas: HTMLCanvasElement): Promise<boolean> {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.max(side / bitmap.width, side / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    const context = canvas.getContext('2d');
    if (context) context.imageSmoothingQuality = 'high';
    context?.drawImage(bitmap, (side - width) / 2, (side - height) / 2, width, height);
    bitmap.close();
    return context !== null;
  } catch {
    return false;
  }
}
