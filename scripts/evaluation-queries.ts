import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { parseJson } from '../http/read-body.ts';

/** Which pictures: see `isOneOf` of evaluation-labels.ts. */
const Terms = z.array(z.string().min(1)).min(1);

const ExcludeQuery = z.strictObject({
  query: z.string().min(1),
  exclude: z.array(z.string().min(1)).min(1),
  /** Which pictures show what is excluded. */
  excluded: Terms,
  /** Which of the others are right for the query. */
  right: Terms,
});
export type ExcludeQuery = z.infer<typeof ExcludeQuery>;

const LikeQuery = z.strictObject({
  /** Keys of demo pictures. */
  like: z.array(z.string().min(1)).min(1),
  query: z.string().min(1),
  /** Which pictures are what picture and text say together. */
  right: Terms,
});
export type LikeQuery = z.infer<typeof LikeQuery>;

const DiversityQuery = z.strictObject({ query: z.string().min(1), right: Terms });
export type DiversityQuery = z.infer<typeof DiversityQuery>;

export const EvaluationQueries = z.strictObject({
  /** For whoever reads the file. */
  about: z.string(),
  exclude: z.array(ExcludeQuery),
  like: z.array(LikeQuery),
  diversity: z.array(DiversityQuery),
  /** Texts that no picture is right for. */
  nonsense: z.array(z.string().min(1)),
});
export type EvaluationQueries = z.infer<typeof EvaluationQueries>;

/** Reads a file of labelled queries. Fails with `invalid_field`. */
export async function readEvaluationQueries(path: string): Async<EvaluationQueries> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => ({ cause }));
  if (typeof text !== 'string') {
    return err(failure('invalid_field', `Cannot read the queries as there is no file: ${path}`));
  }
  const json = parseJson(text);
  if (!json.ok) {
    return err(failure('invalid_field', `Cannot read the queries as the file is no JSON: ${path}`));
  }
  const parsed = EvaluationQueries.safeParse(json.value);
  if (parsed.success) return ok(parsed.data);
  const { path: at = [], message = '' } = parsed.error.issues[0] ?? {};
  const where = at.length > 0 ? `"${at.join('.')}" is not valid (${message})` : message;
  return err(failure('invalid_field', `Cannot read the queries as ${where}: ${path}`));
}
