import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Async, failure, type Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { readJsonLines } from './text-lines.ts';
import { type NpyFile, openNpy } from './npy-reader.ts';
import { readParquetRows } from './parquet-rows.ts';

/** Vectors and what belongs to them, row by row. */
export interface ImportPart {
  readonly vectors: NpyFile;
  readonly metadata: string;
}

export interface ImportSource {
  /** A short name for people. */
  readonly name: string;
  readonly parts: readonly ImportPart[];
  readonly rows: number;
  readonly dimensions: number;
}

/**
 * Finds the files: an array with its metadata, a folder that `export` wrote (`vectors.npy` and
 * `rows.jsonl`), or one in clip-retrieval's layout (`img_emb/img_emb_0.npy` with
 * `metadata/metadata_0.parquet`, and so on). Fails where a file is missing, damaged or of other
 * dimensions than the rest.
 */
export async function openImportSource(path: string, metadata?: string): Async<ImportSource> {
  const pairs = await findPairs(path, metadata);
  if (!pairs.ok) return pairs;
  const parts: ImportPart[] = [];
  for (const pair of pairs.value) {
    const vectors = await openNpy(pair.vectors);
    if (!vectors.ok) return vectors;
    const [first] = parts;
    const columns = first?.vectors.columns ?? vectors.value.columns;
    if (vectors.value.columns !== columns) {
      return refuse(
        `the vectors of ${pair.vectors} are ${vectors.value.columns} long, and those of ${first?.vectors.path} ${columns}`,
      );
    }
    if (!(await isFile(pair.metadata))) return refuse(`there is no such file: ${pair.metadata}`);
    parts.push({ vectors: vectors.value, metadata: pair.metadata });
  }
  return ok({
    name: basename(path).replace(/\.npy$/, ''),
    parts,
    rows: parts.reduce((sum, { vectors }) => sum + vectors.rows, 0),
    dimensions: parts[0]?.vectors.columns ?? 0,
  });
}

/** The metadata of a part's rows, by the kind of its file. */
export function readMetadata(
  path: string,
): AsyncGenerator<Result<Result<unknown, string>, Failure>> {
  return path.endsWith('.parquet') ? readParquetRows(path) : readJsonLines(path);
}

interface Pair {
  readonly vectors: string;
  readonly metadata: string;
}

async function findPairs(path: string, metadata?: string): Async<readonly Pair[]> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) return refuse(`there is no such file or folder: ${path}`);
  if (!info.isDirectory()) {
    if (metadata === undefined)
      return refuse('--metadata is missing: a row of JSON for every vector');
    return ok([{ vectors: path, metadata }]);
  }
  const exported = join(path, 'vectors.npy');
  if (await isFile(exported)) {
    return ok([{ vectors: exported, metadata: metadata ?? join(path, 'rows.jsonl') }]);
  }
  const names = await readdir(join(path, 'img_emb')).catch(() => []);
  const numbers = names
    .flatMap((name) => /^img_emb_(\d+)\.npy$/.exec(name)?.[1] ?? [])
    .toSorted((a, b) => Number(a) - Number(b));
  if (numbers.length === 0) {
    return refuse(`the folder has neither vectors.npy nor img_emb/img_emb_0.npy: ${path}`);
  }
  return ok(
    numbers.map((number) => ({
      vectors: join(path, 'img_emb', `img_emb_${number}.npy`),
      metadata: join(path, 'metadata', `metadata_${number}.parquet`),
    })),
  );
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}

function refuse(why: string) {
  return err(failure('invalid_field', `Cannot import as ${why}`));
}
