import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { uniquePhrase } from './benchmark-phrases.ts';
import { runLoad, type Server, type ServerKind, startBare, startReal } from './cache-servers.ts';
import { makeHot } from './hot-queries.ts';
import type { LoadReport } from './load-tally.ts';
import { createProgress, type Progress } from './progress.ts';

export interface Turns {
  readonly connections: number;
  readonly seconds: number;
  readonly rounds: number;
  /** How many different queries are asked in turn: one case each. */
  readonly queries: readonly number[];
}

export interface CaseResult {
  readonly cache: string;
  readonly guarded: boolean;
  readonly queries: number;
  /** Medians over the rounds. */
  readonly bare_per_second: number;
  readonly cached_per_second: number;
  /** Cached ÷ bare of each round: what slowed the machine for a while slowed both. */
  readonly ratio: Spread;
  /** Cached ÷ the bare handler that returns the headers too, to the byte. */
  readonly ratio_same_headers: Spread;
  readonly bare: readonly LoadReport[];
  readonly same_headers: readonly LoadReport[];
  readonly cached: readonly LoadReport[];
  /** One connection, which waits for nobody else's request. */
  readonly alone: LoadReport & { readonly server_ms: NonNullable<LoadReport['server_ms']> };
  /** What makes the numbers doubtful. */
  readonly remarks: readonly string[];
}

interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

const topK = 10;

/** Every kind of server, with every number of queries, against one bare handler. */
export async function measureCases(
  kinds: readonly ServerKind[],
  turns: Turns,
): Async<CaseResult[]> {
  const directory = await mkdtemp(join(os.tmpdir(), 'bodies-'));
  const progress = createProgress('Measuring', kinds.length * turns.queries.length * turns.rounds);
  const results: CaseResult[] = [];
  try {
    for (const kind of kinds) {
      const server = await startReal(kind);
      if (!server.ok) return server;
      const measured = await measureServer(server.value, kind, { ...turns, directory, progress });
      await server.value.stop();
      if (!measured.ok) return measured;
      results.push(...measured.value);
    }
    return ok(results);
  } finally {
    progress.stop();
    await rm(directory, { recursive: true });
  }
}

interface Bench extends Turns {
  readonly directory: string;
  readonly progress: Progress;
}

async function measureServer(real: Server, kind: ServerKind, bench: Bench): Async<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const queries of bench.queries) {
    const bodies = Array.from({ length: queries }, (_, place) => ({
      query: uniquePhrase(place),
      top_k: topK,
    }));
    const file = join(bench.directory, `${queries}.jsonl`);
    await writeFile(file, bodies.map((body) => `${JSON.stringify(body)}\n`).join(''));
    const answer = await makeHot(real, bodies);
    if (!answer.ok) return answer;
    const { headers } = answer.value;
    const type = { 'content-type': headers['content-type'] ?? '' };
    const bare = await startBare({ ...answer.value, headers: type });
    if (!bare.ok) return bare;
    const same = await startBare(answer.value);
    if (!same.ok) return same;
    const measured = await alternate({ bare: bare.value, same: same.value, real }, file, bench);
    await bare.value.stop();
    await same.value.stop();
    if (!measured.ok) return measured;
    const { cache, guarded } = kind;
    results.push({ cache, guarded, queries, ...measured.value });
  }
  return ok(results);
}

type Measured = Omit<CaseResult, 'cache' | 'guarded' | 'queries'>;

/** Every second round the other way about: who comes after whom makes no difference. */
async function alternate(
  { bare, same, real }: Readonly<Record<'bare' | 'same' | 'real', Server>>,
  bodies: string,
  { connections, seconds, rounds, progress }: Bench,
): Async<Measured> {
  const reports: Reports = { bare: [], same: [], cached: [] };
  const plan = [
    [bare, reports.bare],
    [same, reports.same],
    [real, reports.cached],
  ] as const;
  for (let round = 0; round < rounds; round += 1) {
    for (const [server, own] of round % 2 === 0 ? plan : plan.toReversed()) {
      const report = await runLoad(server, { bodies, connections, seconds });
      if (!report.ok) return report;
      own.push(report.value);
    }
    progress.advance(1);
  }
  const lone = await runLoad(real, { bodies, connections: 1, seconds });
  return lone.ok ? ok(summarize(reports, lone.value)) : lone;
}

type Reports = Record<'bare' | 'same' | 'cached', LoadReport[]>;

function summarize({ bare, same, cached }: Reports, lone: LoadReport): Measured {
  const ratioTo = (others: readonly LoadReport[]) =>
    spread(
      cached.map(({ per_second }, round) => per_second / (others[round]?.per_second ?? Number.NaN)),
    );
  const none = { p50: Number.NaN, p95: Number.NaN, p99: Number.NaN };
  return {
    bare_per_second: spread(bare.map(({ per_second }) => per_second)).median,
    cached_per_second: spread(cached.map(({ per_second }) => per_second)).median,
    ratio: ratioTo(bare),
    ratio_same_headers: ratioTo(same),
    bare,
    same_headers: same,
    cached,
    alone: { ...lone, server_ms: lone.server_ms ?? none },
    remarks: [...remarksOf([...bare, ...same], false), ...remarksOf(cached, true)],
  };
}

function remarksOf(reports: readonly LoadReport[], areHits: boolean): string[] {
  const remarks: string[] = [];
  const isPure = reports.every(({ requests, statuses, broken, x_cache }) => {
    const hits = areHits ? x_cache['hit'] : requests;
    return broken === 0 && statuses['200'] === requests && hits === requests;
  });
  if (!isPure) remarks.push(`Not every answer was a ${areHits ? 'hit' : '200'} (see the JSON).`);
  if (reports.some(({ own_cpu }) => own_cpu > 0.8)) {
    remarks.push('The load used up a core of its own: what it measured may be itself.');
  }
  return remarks;
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return { median: (low + high) / 2, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}
