import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Async, Failure } from '../core/failure.ts';
import { SearchQuery } from '../core/model.ts';
import { ok, type Result } from '../core/result.ts';
import { parseFields } from '../http/parse-request.ts';
import { parseJson } from '../http/read-body.ts';
import type { SearchInput } from '../web/client.ts';
import { wrongArgument } from './command.ts';

/** A query of a file, and which line of it that is. */
export interface NumberedQuery {
  readonly line: number;
  readonly body: SearchInput;
}

/** The queries of a file, or of standard input where it is `-`. A wrong line is named by its number. */
export async function readQueries(file: string, topK: number): Async<NumberedQuery[]> {
  let content: string;
  try {
    content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return wrongArgument(
      `there is no file that can be read${isMissing ? '' : ' as text'}: ${file}`,
    );
  }
  const queries: NumberedQuery[] = [];
  for (const [index, line] of content
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const body = parseLine(trimmed, topK);
    if (!body.ok) {
      return wrongArgument(`line ${index + 1} of ${file} is no query: ${reasonOf(body.error)}`);
    }
    queries.push({ line: index + 1, body: body.value });
  }
  return queries.length === 0 ? wrongArgument(`there is no query in ${file}`) : ok(queries);
}

/** Checked here already: nobody wants to hear of line 9,000 when the rest has been asked. */
function parseLine(line: string, topK: number): Result<SearchInput, Failure> {
  const raw = line.startsWith('{') ? parseJson(line) : ok({ query: line });
  if (!raw.ok) return raw;
  return parseFields(SearchQuery, { top_k: topK, ...(raw.value as object) });
}

function reasonOf({ detail, errors }: Failure): string {
  return errors?.map(({ path, message }) => `${path} ${message}`).join(', ') ?? detail;
}
