import { relative } from 'node:path';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import {
  parseQueriesArguments,
  parseQueriesBars,
  queriesHelp,
} from './evaluate-queries-options.ts';
import { evaluateQueries, findShortfalls } from './evaluate-queries.ts';
import { findBelow, readThresholds } from './evaluate-thresholds.ts';
import { openDemoIndex } from './evaluation-index.ts';
import { readDemoLabels } from './evaluation-labels.ts';
import { readEvaluationQueries } from './evaluation-queries.ts';
import { describeMachine } from './machine.ts';
import { readLocalConfig } from './open-local.ts';
import { formatQueries } from './queries-report.ts';

export async function evaluateQueriesCommand(args: string[]): Async<number> {
  const options = parseQueriesArguments(args);
  if (options.help) {
    process.stdout.write(queriesHelp);
    return ok(0);
  }
  const bars = parseQueriesBars(options);
  if (!bars.ok) return bars;
  const thresholds = options.thresholds ? await readThresholds(options.thresholds) : ok(undefined);
  if (!thresholds.ok) return thresholds;
  const queries = await readEvaluationQueries(options.queries);
  if (!queries.ok) return queries;
  const config = readLocalConfig();
  if (!config.ok) return config;
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => interruption.abort());
  const index = await openDemoIndex(config.value, interruption.signal);
  if (interruption.signal.aborted) {
    if (index.ok) await index.value.close();
    return interrupted();
  }
  if (!index.ok) return index;
  try {
    const report = await evaluateQueries(index.value, queries.value, await readDemoLabels());
    if (interruption.signal.aborted) return interrupted();
    if (!report.ok) return report;
    const shortfalls = [
      ...findShortfalls(report.value, bars.value),
      ...(thresholds.value ? findBelow(report.value, thresholds.value) : []),
    ];
    const { model, keys } = index.value;
    const file = relative(process.cwd(), options.queries);
    const settings = { model: model.id, revision: model.revision, pictures: keys.size };
    const all = { ...describeMachine(), ...settings, queries: file, ...report.value, shortfalls };
    process.stdout.write(options.json ? `${JSON.stringify(all, null, 2)}\n` : formatQueries(all));
    return ok(shortfalls.length === 0 ? 0 : 2);
  } finally {
    await index.value.close();
  }
}

function interrupted() {
  process.stderr.write('Interrupted: the index is removed.\n');
  return ok(130);
}
