import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A block of code in docs/api.md that can be run. */
export interface Example {
  readonly language: 'sh' | 'ts';
  readonly code: string;
  /** The heading above it. */
  readonly section: string;
  /** For the title of a test. */
  readonly name: string;
  /** The JSON that is shown as its output; left out where none is. */
  readonly shownJson: unknown;
  /** The names of the headers that are shown as its output. */
  readonly shownHeaders: readonly string[];
}

/** One row of a table of codes. */
export interface CodeRow {
  readonly status: number;
  readonly code: string;
  readonly retry: boolean;
}

const text = readFileSync(join(import.meta.dirname, '../../docs/api.md'), 'utf8');

/** What is shown below an example, with nothing between them, is its output. */
export function readExamples(): Example[] {
  const examples: Example[] = [];
  for (const section of text.split(/^(?=##+ )/m)) {
    const heading = /^#+ (.*)/.exec(section)?.[1] ?? '';
    const blocks = [...section.matchAll(/^```(\w+)\n([\s\S]*?)^```\n/gm)];
    for (const [place, block] of blocks.entries()) {
      const [whole, language, code = ''] = block;
      if (language !== 'sh' && language !== 'ts') continue;
      const next = blocks[place + 1];
      const follows = next?.index === block.index + whole.length + 1 ? next : undefined;
      const shown = (kind: string) => (follows?.[1] === kind ? (follows[2] ?? '') : undefined);
      examples.push({
        language,
        code,
        section: heading,
        name: `${heading.replaceAll('`', '')}: ${code.split('\n')[0]}`,
        shownJson: JSON.parse(shown('json') ?? 'null'),
        shownHeaders: (shown('http') ?? '').split('\n').flatMap((line) => line.split(':')[0] || []),
      });
    }
  }
  return examples;
}

/** The tables of codes, in order. */
export function readCodeTables(): CodeRow[][] {
  const tables = text.split('| Status | Code |').slice(1);
  return tables.map((table) => {
    const rows = (table.split('\n\n')[0] ?? '').matchAll(/^\| (\d+) \| `(\w+)` \| (yes|no) \|/gm);
    return Array.from(rows, ([, status, code = '', retry]) => ({
      status: Number(status),
      code,
      retry: retry === 'yes',
    }));
  });
}
