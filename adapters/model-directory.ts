import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as z from 'zod';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';

const insideMessage = 'must be a path inside the model directory, with "/" and without ".."';

export const ModelFile = z.object({
  /** Relative to the model directory. */
  path: z.string().min(1).refine(staysInside, insideMessage),
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hexadecimal'),
});
export type ModelFile = z.infer<typeof ModelFile>;

const PerChannel = z.tuple([z.number(), z.number(), z.number()]);

/** How a picture becomes the image tower's input: (channel / 255 - mean) / std, `size` squared. */
export const PixelRecipe = z.object({
  /** Width and height of the centre crop, in pixels. */
  size: z.int().min(1).max(4096),
  /** Red, green, blue, on a scale of 0 to 1. */
  mean: PerChannel,
  std: PerChannel.refine((std) => std.every((one) => one > 0), 'must be above 0'),
});
export type PixelRecipe = z.infer<typeof PixelRecipe>;

/** The content of `model.json`. */
export const ModelManifest = z.object({
  /** Recorded in the index: another id is another space of vectors. */
  id: z.string().min(1),
  dimensions: z.int().positive(),
  /** Tokens that the text tower can read, start and end tokens included. */
  contextLength: z.int().min(3),
  /** Besides these three, files that they load themselves, such as external weights. */
  files: z.object({ text: ModelFile, image: ModelFile, tokenizer: ModelFile }).catchall(ModelFile),
  pixels: PixelRecipe,
  /** What stands behind a text that is shorter than its row. Left out: id 0, as few as possible. */
  padding: z
    .object({
      id: z.int().nonnegative(),
      /** True for a tower that was trained with its padding and has no mask (SigLIP). */
      toContextLength: z.boolean().default(false),
    })
    .default({ id: 0, toContextLength: false }),
  /** Where the weights come from. */
  source: z.string(),
  licence: z.string(),
});
export type ModelManifest = z.infer<typeof ModelManifest>;

export interface ModelDirectory {
  readonly manifest: ModelManifest;
  /** The same for the same files and recipe, however often they are pulled. */
  readonly revision: string;
  /** Absolute path of one of the model's files. */
  pathOf(file: 'text' | 'image' | 'tokenizer'): string;
}

/**
 * Reads `model.json` and checks that every file it names is there in its full size. Hashes are
 * checked when a model is pulled, not at every start: that would read gigabytes.
 * Fails with `invalid_model`.
 */
export async function readModelDirectory(path: string): Async<ModelDirectory> {
  const manifest = await readManifest(path);
  if (!manifest.ok) return manifest;
  for (const file of Object.values(manifest.value.files)) {
    const problem = await findProblem(path, file);
    if (problem) return err(problem);
  }
  const { files } = manifest.value;
  const revision = revisionOf(manifest.value);
  return ok({
    manifest: manifest.value,
    revision,
    pathOf: (file) => resolve(path, files[file].path),
  });
}

async function readManifest(directory: string): Async<ModelManifest> {
  const path = resolve(directory, 'model.json');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => ({ cause }));
  if (typeof text !== 'string') {
    const detail = `Cannot load the model as there is no readable model.json in the directory; pull the model or set MODEL_DIR to one that has it: ${directory}`;
    return err(failure('invalid_model', detail, text));
  }
  const parsed = ModelManifest.safeParse(parseJson(text));
  if (parsed.success) return ok(parsed.data);
  const { path: at = [], message = '' } = parsed.error.issues[0] ?? {};
  const where = at.length > 0 ? `its field "${at.join('.')}" is not valid (${message})` : message;
  const detail = `Cannot load the model as ${where}; pull the model again or mend the file: ${path}`;
  return err(failure('invalid_model', detail, { cause: parsed.error }));
}

function revisionOf({ files, pixels, padding }: ModelManifest): string {
  const hashes = Object.entries(files).map(([name, { sha256 }]) => [name, sha256]);
  return hash('sha256', JSON.stringify([hashes, pixels, padding]), 'hex').slice(0, 12);
}

async function findProblem(directory: string, file: ModelFile): Promise<Failure | undefined> {
  const path = resolve(directory, file.path);
  const found: Result<number, unknown> = await stat(path).then(
    (stats) => ok(stats.isFile() ? stats.size : -1),
    (cause: unknown) => err(cause),
  );
  if (!found.ok || found.value === -1) {
    const detail = `Cannot load the model as a file is missing; pull the model again: ${path}`;
    return failure('invalid_model', detail, found.ok ? {} : { cause: found.error });
  }
  if (found.value === file.bytes) return undefined;
  const detail = `Cannot load the model as a file has ${found.value} bytes in place of ${file.bytes}; pull the model again: ${path}`;
  return failure('invalid_model', detail);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function staysInside(path: string): boolean {
  const parts = path.split('/');
  return !/[\\:\0]/.test(path) && parts.every((part) => part !== '' && part !== '..');
}
