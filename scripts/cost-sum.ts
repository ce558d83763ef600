import { cacheLines, edgeLines } from './cost-edge.ts';
import { frontLines } from './cost-front.ts';
import { type CostCase, type CostLine, type Part, parts, usdOf } from './cost-lines.ts';
import { backfillMillionUsd, pictureLines } from './cost-pictures.ts';
import { networkLines, qdrantLines, serviceLines } from './cost-service.ts';
import { benchmarkLines, llmLines, watchingLines } from './cost-watching.ts';

/** What an environment costs, in USD. */
export interface Cost {
  readonly lines: readonly CostLine[];
  readonly byPart: Readonly<Record<Part, number>>;
  readonly monthly: number;
  readonly perThousandSearches: {
    /** All that is paid for in a month, by the searches of the month; undefined without any. */
    readonly all: number | undefined;
    /** What a thousand more would add. */
    readonly more: number | undefined;
  };
  readonly perMillionPictures: {
    /** To keep them for a month, beside the machine of Qdrant, which is paid for anyway. */
    readonly monthly: number | undefined;
    /** To index them, once, by the backfill. */
    readonly indexed: number;
    /** To take them in one by one, as they are uploaded. */
    readonly uploaded: number | undefined;
  };
}

const all = [
  networkLines,
  frontLines,
  edgeLines,
  cacheLines,
  serviceLines,
  qdrantLines,
  pictureLines,
  benchmarkLines,
  watchingLines,
  llmLines,
];

export function costOf(asked: CostCase): Cost {
  const lines = all.flatMap((linesOfPart) => linesOfPart(asked));
  const { searchesPerMonth, pictures, uploadsPerMonth } = asked.usage;
  const monthly = sum(lines);
  const by = (driver: CostLine['by']) => sum(lines.filter((line) => line.by === driver));
  return {
    lines,
    byPart: byPart(lines),
    monthly,
    perThousandSearches: {
      all: per(monthly, searchesPerMonth / 1000),
      more: per(by('searches'), searchesPerMonth / 1000),
    },
    perMillionPictures: {
      monthly: per(by('pictures'), pictures / 1e6),
      indexed: backfillMillionUsd(asked),
      uploaded: per(by('uploads'), uploadsPerMonth / 1e6),
    },
  };
}

function byPart(lines: readonly CostLine[]): Record<Part, number> {
  const sums = parts.map(
    (part) => [part, sum(lines.filter((line) => line.part === part))] as const,
  );
  return Object.fromEntries(sums) as Record<Part, number>;
}

function sum(lines: readonly CostLine[]): number {
  return lines.reduce((total, line) => total + usdOf(line), 0);
}

function per(usd: number, count: number): number | undefined {
  return count > 0 ? usd / count : undefined;
}
