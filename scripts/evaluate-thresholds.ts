import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { parseJson } from '../http/read-body.ts';

/** Numbers of a report by their path in it, such as `exclude.fall`. */
const Bounds = z.record(z.string().regex(/^\w+(\.\w+)*$/), z.number());

/** What a report must reach; kept beside the model that it is about. */
export const Thresholds = z.strictObject({
  /** For whoever reads the file. */
  about: z.string(),
  least: Bounds,
  most: Bounds.default({}),
});
export type Thresholds = z.infer<typeof Thresholds>;

/** Reads a file of thresholds. Fails with `invalid_field`. */
export async function readThresholds(path: string): Async<Thresholds> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) {
    return err(failure('invalid_field', `Cannot read the thresholds as there is no file: ${path}`));
  }
  const json = parseJson(text);
  const parsed = Thresholds.safeParse(json.ok ? json.value : undefined);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  const why = json.ok ? `${issue?.path.join('.') ?? ''} is not valid` : 'the file is no JSON';
  return err(failure('invalid_field', `Cannot read the thresholds as ${why}: ${path}`));
}

/** A sentence for each number that is not good enough, or not there at all; none where all are. */
export function findBelow(report: unknown, { least, most }: Thresholds): string[] {
  const look = (
    bounds: Record<string, number>,
    word: string,
    isWrong: (a: number, b: number) => boolean,
  ) =>
    Object.entries(bounds).flatMap(([path, bound]) => {
      const value = numberAt(report, path);
      if (value === undefined) return [`${path}: the report has no such number`];
      return isWrong(value, bound) ? [`${path}: ${rounded(value)}, and ${word} is ${bound}`] : [];
    });
  return [
    ...look(least, 'the least', (value, bound) => value < bound),
    ...look(most, 'the most', (value, bound) => value > bound),
  ];
}

function numberAt(report: unknown, path: string): number | undefined {
  let at: unknown = report;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Object.entries(at).find(([key]) => key === name)?.[1];
  }
  return typeof at === 'number' && Number.isFinite(at) ? at : undefined;
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
