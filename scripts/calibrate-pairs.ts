import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { type Async, failure } from '../core/failure.ts';
import { ImageId } from '../core/model.ts';
import { err, ok } from '../core/result.ts';

const Pair = z
  .strictObject({
    query: z.string().trim().min(1),
    ids: z.array(ImageId).optional(),
    files: z.array(z.string()).optional(),
  })
  .refine(({ ids, files }) => (ids?.length ?? 0) + (files?.length ?? 0) > 0, {
    error: 'there must be "ids" or "files", and one at least',
  });

/** A text, and which pictures of the index are right for it. */
export interface LabelledPair {
  readonly query: string;
  readonly ids: ReadonlySet<ImageId>;
  /** As `file_path` has them. */
  readonly files: ReadonlySet<string>;
}

/** Reads one JSON object a line: `{ "query": "a red car", "files": ["cars/1.jpg"] }`. */
export async function readPairs(path: string): Async<LabelledPair[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => ({ cause }));
  if (typeof text !== 'string') {
    return err(failure('invalid_field', `Cannot read the pairs as there is no file: ${path}`));
  }
  const pairs: LabelledPair[] = [];
  for (const [place, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const parsed = Pair.safeParse(parseJson(line));
    if (!parsed.success) {
      const { path: at = [], message = '' } = parsed.error.issues[0] ?? {};
      const why = at.length > 0 ? `"${at.join('.')}" is not valid (${message})` : message;
      return err(
        failure('invalid_field', `Cannot read the pairs as in line ${place + 1} ${why}: ${path}`),
      );
    }
    const { query, ids = [], files = [] } = parsed.data;
    pairs.push({ query, ids: new Set(ids), files: new Set(files) });
  }
  return ok(pairs);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
