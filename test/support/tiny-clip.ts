import { hash } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A CLIP of random weights in the layouts that public exports have: see its README.md. */
export const tinyClip = join(import.meta.dirname, '../fixtures/tiny-clip');

export interface TinyClipParts {
  readonly text: string;
  readonly image: string;
  /** Replaces fields of `model.json`. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** Writes a model directory of one of the text graphs and one of the image graphs. */
export async function writeTinyClip(
  directory: string,
  { text = 'text-dynamic', image = 'image-dynamic', manifest = {} }: Partial<TinyClipParts> = {},
): Promise<void> {
  const names = { text: `${text}.onnx`, image: `${image}.onnx`, tokenizer: 'tokenizer.json' };
  const files: Record<string, unknown> = {};
  for (const [name, file] of Object.entries(names)) {
    await copyFile(join(tinyClip, file), join(directory, file));
    const content = await readFile(join(tinyClip, file));
    files[name] = { path: file, bytes: content.length, sha256: hash('sha256', content) };
  }
  const model = {
    id: 'tiny-clip',
    dimensions: 32,
    contextLength: 77,
    files,
    pixels: { size: 32, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    padding: { id: 0, rule: 'ignored' },
    source: 'test/fixtures/tiny-clip',
    licence: 'MIT',
    ...manifest,
  };
  await writeFile(join(directory, 'model.json'), JSON.stringify(model));
}
