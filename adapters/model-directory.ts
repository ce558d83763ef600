import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as z from 'zod';
import { type Async, type Failure, failure } from '../core/failure.ts';
import type { Calibration as PortCalibration } from '../core/ports.ts';
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
  /** Width and height of the square, in pixels. */
  size: z.int().min(1).max(4096),
  /** The middle of the picture, as CLIP was trained, or all of it pressed into the square (SigLIP). */
  fit: z.enum(['crop', 'squash']).default('crop'),
  /** How pixels are interpolated when the picture is made smaller. */
  kernel: z.enum(['cubic', 'linear']).default('cubic'),
  /** Red, green, blue, on a scale of 0 to 1. */
  mean: PerChannel,
  std: PerChannel.refine((std) => std.every((one) => one > 0), 'must be above 0'),
});
export type PixelRecipe = z.infer<typeof PixelRecipe>;

/**
 * What stands behind a text that is shorter than its row, and what the tower makes of it:
 * `ignored`: nothing, as attention is causal and the vector is taken at the end of the text (CLIP);
 * `masked`: nothing where the graph has a mask, and without a mask no text may be padded;
 * `read`: it was trained to read it, always up to the context length (SigLIP).
 */
export const Padding = z.object({
  id: z.int().nonnegative(),
  rule: z.enum(['ignored', 'masked', 'read']),
});
export type Padding = z.infer<typeof Padding>;

/** Which row is the vector where a graph has one per token or patch instead of one in all. */
export const Pooling = z.object({
  /** The text's last token, the row's last (padding included), the first, or the mean of the text's. */
  text: z.enum(['end', 'last', 'first', 'mean']),
  image: z.enum(['first', 'mean']),
});
export type Pooling = z.infer<typeof Pooling>;

/**
 * The same towers in another number format, and files that they load themselves; a tower that is
 * left out is the one of `files`.
 */
const Variant = z.object({ text: ModelFile, image: ModelFile }).partial().catchall(ModelFile);
export const reducedPrecisions = ['fp16', 'int8'] as const;
export type ReducedPrecision = (typeof reducedPrecisions)[number];
export const precisions = ['fp32', ...reducedPrecisions] as const;
export type Precision = (typeof precisions)[number];

const Calibration = z.object({
  slope: z.number().positive(),
  middle: z.number().min(-1).max(1),
}) satisfies z.ZodType<PortCalibration>;

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
  /** The tower was trained on lower case and its tokenizer does not see to that (SigLIP 2). */
  lowercase: z.boolean().default(false),
  padding: Padding.default({ id: 0, rule: 'masked' }),
  pooling: Pooling.default({ text: 'end', image: 'first' }),
  variants: z.object({ fp16: Variant, int8: Variant }).partial().default({}),
  /** How its scores are read; left out where nobody has measured it. */
  calibration: Calibration.optional(),
  /** Where the weights come from. */
  source: z.string(),
  licence: z.string(),
});
export type ModelManifest = z.infer<typeof ModelManifest>;

export type Tower = 'text' | 'image';

export interface ModelDirectory {
  readonly manifest: ModelManifest;
  /** The same for the same weights and recipe, however often and in whatever precision. */
  readonly revision: string;
  /** Absolute path of the tokenizer. */
  readonly tokenizer: string;
  /** Absolute path of a tower's graph: in that precision where the model has it, else in fp32. */
  graphOf(tower: Tower, precision: Precision): string;
}

/**
 * Reads `model.json` and checks that every file it names is there in its full size. Hashes are
 * checked when a model is pulled, not at every start: that would read gigabytes.
 * Fails with `invalid_model`.
 */
export async function readModelDirectory(path: string): Async<ModelDirectory> {
  const manifest = await readManifest(path);
  if (!manifest.ok) return manifest;
  const { files, variants } = manifest.value;
  for (const file of filesOf(manifest.value)) {
    const problem = await findProblem(path, file);
    if (problem) return err(problem);
  }
  return ok({
    manifest: manifest.value,
    revision: revisionOf(manifest.value),
    tokenizer: resolve(path, files.tokenizer.path),
    graphOf(tower, precision) {
      const variant = precision === 'fp32' ? undefined : variants[precision]?.[tower];
      return resolve(path, (variant ?? files[tower]).path);
    },
  });
}

/** All of them, of every precision. */
export function filesOf({ files, variants }: ModelManifest): ModelFile[] {
  const others = Object.values(variants).flatMap((variant) => Object.values(variant));
  return [...Object.values(files), ...others];
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

function revisionOf({ files, pixels, lowercase, padding, pooling }: ModelManifest): string {
  const hashes = Object.entries(files).map(([name, { sha256 }]) => [name, sha256]);
  return hash('sha256', JSON.stringify([hashes, pixels, lowercase, padding, pooling]), 'hex').slice(
    0,
    12,
  );
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
