import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { type Async, failure } from '../core/failure.ts';
import { ImageId } from '../core/model.ts';
import { err, ok } from '../core/result.ts';
import { parseJson } from '../http/read-body.ts';

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
    const pair = parsePair(line);
    if (typeof pair === 'string') {
      const detail = `Cannot read the pairs as in line ${place + 1} ${pair}: ${path}`;
      return err(failure('invalid_field', detail));
    }
    pairs.push(pair);
  }
  return ok(pairs);
}

/** What is wrong with the line, where something is. */
function parsePair(line: string): LabelledPair | string {
  const json = parseJson(line);
  if (!json.ok) return 'there is no JSON object';
  const parsed = Pair.safeParse(json.value);
  if (parsed.success) {
    const { query, ids = [], files = [] } = parsed.data;
    return { query, ids: new Set(ids), files: new Set(files) };
  }
  const { path: at = [], message = '' } = parsed.error.issues[0] ?? {};
  return at.length > 0 ? `"${at.join('.')}" is not valid (${message})` : message;
}
