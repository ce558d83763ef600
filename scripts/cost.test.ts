import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { environments, type Settings } from '../cdk/settings.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { runScript } from '../test/support/processes.ts';
import { type Part, usdOf } from './cost-lines.ts';
import { machines } from './cost-prices.ts';
import { checkMachines } from './cost-service.ts';
import { costOf } from './cost-sum.ts';
import { type CostUsage, parseUsage, usageOf } from './cost-usage.ts';

const { dev, staging, prod } = environments as Record<'dev' | 'staging' | 'prod', Settings>;

function cost(settings: Settings, usage: Partial<CostUsage> = {}) {
  return costOf({ settings, usage: { ...usageOf(settings.environment), ...usage } });
}

function usd(settings: Settings, part: Part, item: string, usage: Partial<CostUsage> = {}): number {
  const line = cost(settings, usage).lines.find((one) => one.part === part && one.item === item);
  if (line === undefined) throw new Error(`There is no line ${part}, ${item}`);
  return usdOf(line);
}

// 730 hours a month; the prices are those of scripts/cost-prices.ts, multiplied by hand.
describe('A row', () => {
  it('of machines is hours times price', () => {
    expect(usd(staging, 'service', 'g6.xlarge')).toBeCloseTo(587.504, 3);
    expect(usd(prod, 'service', 'g6.2xlarge', { moreTasks: 0 })).toBeCloseTo(1427.296, 3);
    expect(usd(prod, 'service', 'g6.2xlarge, spare')).toBeCloseTo(713.648, 3);
    expect(usd(prod, 'qdrant', 'r7g.2xlarge')).toBeCloseTo(312.732, 3);
  });

  it('of Fargate is processors and memory', () => {
    // 0.04048 + 2 × 0.004445 an hour
    expect(usd(dev, 'service', 'Fargate, 1 vCPU, 2048 MB')).toBeCloseTo(36.0401, 3);
  });

  it('of endpoints is nine of them in each of the zones that have some', () => {
    expect(usd(prod, 'network', '18 private endpoints')).toBeCloseTo(131.4, 3);
  });

  it('of the warm instances is memory times seconds', () => {
    // 5 × 1769 / 1024 GB × 2,628,000 s × 0.0000033334
    expect(usd(prod, 'edge', '5 warm instances')).toBeCloseTo(75.668, 3);
  });

  it('of searches that are not cached is their calls and their time', () => {
    // A million: 0.20, and 1 GB × 0.04 s × 0.0000133334 × 10^6 = 0.5333; 0.7 × 0.7 of them get there.
    const usage = { searchesPerMonth: 1e6, hitShare: 0.3, cacheShare: 0.3 };
    expect(usd(dev, 'edge', 'searches that are not cached', usage)).toBeCloseTo(0.49 * 0.733336, 5);
  });

  it('of the cache is at least a tenth of a GB', () => {
    const small = { ...dev, cache: { ...dev.cache, maxGb: 0.25 } };
    expect(usd(small, 'cache', 'Valkey, what is kept')).toBeCloseTo(6.132, 3);
    expect(usd(prod, 'cache', 'Valkey, what is kept')).toBeCloseTo(122.64, 2);
  });

  it('of traffic is answers and thumbnails', () => {
    // 10,000 × 4 KB + 10 × 10,000 × 30 KB = 3.04 GB
    expect(usd(dev, 'front', 'CloudFront, traffic')).toBeCloseTo(0.2584, 4);
  });

  it('of pictures is their size, that of their thumbnails too', () => {
    expect(usd(prod, 'pictures', 'S3, kept')).toBeCloseTo(118.45, 2);
  });

  it('of a language model is there where it is on, and is the share of the quota', () => {
    expect(cost(prod).byPart['language models']).toBe(0);
    const llm = { explanations: true, reranking: true, dailyQuota: 1000 };
    // 1000 × 730 / 24 × 0.5 = 15,208; (600 × 0.15 + 120 × 0.6) / 10^6 each
    expect(usd({ ...prod, llm }, 'language models', 'explanation')).toBeCloseTo(2.46375, 4);
    expect(usd({ ...prod, llm }, 'language models', 'rerank', { llmShare: 1 })).toBeCloseTo(
      30.41667 * (2.8 * 0.075 + 0.06 * 0.3),
      4,
    );
  });
});

describe('The sum', () => {
  it('is that of its parts and of its rows', () => {
    for (const settings of [dev, staging, prod]) {
      const { monthly, byPart, lines } = cost(settings);
      expect(lines.reduce((sum, line) => sum + usdOf(line), 0)).toBeCloseTo(monthly, 6);
      expect(Object.values(byPart).reduce((sum, part) => sum + part, 0)).toBeCloseTo(monthly, 6);
    }
  });

  it('rises by the price of a machine for one more spare', () => {
    if (prod.service.kind !== 'gpu') throw new Error('There is no GPU in prod');
    const service = { ...prod.service, spareInstances: prod.service.spareInstances + 1 };
    const machine = 730 * 0.9776 + 100 * 0.08;
    expect(cost({ ...prod, service }).monthly - cost(prod).monthly).toBeCloseTo(machine, 6);
  });

  it('doubles, of what searches cost, with the searches', () => {
    const bySearches = (searchesPerMonth: number) =>
      cost(prod, { searchesPerMonth })
        .lines.filter(({ by }) => by === 'searches')
        .reduce((sum, line) => sum + usdOf(line), 0);
    expect(bySearches(2e6) / bySearches(1e6)).toBeCloseTo(2, 9);
    const { perThousandSearches: one } = cost(prod, { searchesPerMonth: 1e6 });
    const { perThousandSearches: two } = cost(prod, { searchesPerMonth: 2e6 });
    expect(two.more).toBeCloseTo(one.more ?? 0, 9);
    expect(two.all).toBeLessThan(one.all ?? 0);
  });

  it('rises by what is said of a thousand searches and of a million pictures', () => {
    const before = cost(prod);
    const searches = cost(prod, { searchesPerMonth: usageOf('prod').searchesPerMonth + 1000 });
    expect(searches.monthly - before.monthly).toBeCloseTo(before.perThousandSearches.more ?? 0, 6);
    // Beyond two million the nightly comparison has no more time, and costs no more.
    const few = cost(prod, { pictures: 500_000 });
    const kept = cost(prod, { pictures: 1_500_000 });
    expect(kept.monthly - few.monthly).toBeCloseTo(few.perMillionPictures.monthly ?? 0, 6);
  });

  it('says what a million pictures cost the backfill: hours of its machine, requests of S3', () => {
    // 10^6 / 107 / 3600 = 2.596 h × 0.9776, and 5.00 + 3 × 0.40
    expect(cost(prod).perMillionPictures.indexed).toBeCloseTo(8.738, 2);
  });

  it('has no price for a search where there is none', () => {
    expect(cost(dev, { searchesPerMonth: 0 }).perThousandSearches.all).toBeUndefined();
  });

  it('has nothing of a Qdrant that is somebody else’s', () => {
    const qdrant = { kind: 'outside', host: 'q', port: 6333, grpcPort: 6334 } as const;
    expect(cost({ ...prod, qdrant }).byPart.qdrant).toBe(0);
  });
});

/** Every setting that money is paid for, once changed. */
const changes: Readonly<Record<string, (settings: Settings) => Partial<Settings>>> = {
  endpointZones: () => ({ endpointZones: 1 }),
  'service.minTasks': ({ service }) => ({ service: { ...service, minTasks: 3 } }),
  'service.kind': () => ({ service: dev.service }),
  'qdrant.instanceType': ({ qdrant }) => ({
    qdrant: { volumeGb: 500, ...qdrant, kind: 'own', instanceType: 'r7g.4xlarge' },
  }),
  'qdrant.volumeGb': ({ qdrant }) => ({
    qdrant: { instanceType: 'r7g.2xlarge', ...qdrant, kind: 'own', volumeGb: 501 },
  }),
  'model.dimensions': ({ model }) => ({ model: { ...model, dimensions: 512 } }),
  'cache.maxGb': ({ cache }) => ({ cache: { ...cache, maxGb: 11 } }),
  'edge.memoryMb': ({ edge }) => ({ edge: { ...edge, memoryMb: 1770 } }),
  'edge.provisionedConcurrency': ({ edge }) => ({ edge: { ...edge, provisionedConcurrency: 6 } }),
  'indexing.memoryMb': ({ indexing }) => ({ indexing: { ...indexing, memoryMb: 2049 } }),
  'indexing.encodeIn': ({ indexing }) => ({ indexing: { ...indexing, encodeIn: 'function' } }),
  'llm.explanations': ({ llm }) => ({ llm: { ...llm, explanations: true } }),
  'llm.reranking': ({ llm }) => ({ llm: { ...llm, reranking: true } }),
  'benchmark.everyMinutes': ({ benchmark }) => ({ benchmark: { ...benchmark, everyMinutes: 60 } }),
  logRetentionDays: () => ({ logRetentionDays: 30 }),
};

describe('A setting that something is paid for', () => {
  it.each(Object.entries(changes))('changes the sum: %s', (_, change) => {
    const changed = cost({ ...prod, ...change(prod) }).monthly;
    expect(Math.abs(changed - cost(prod).monthly)).toBeGreaterThan(0.0001);
  });

  it('has a machine with a price, in every environment', () => {
    for (const settings of Object.values(environments)) expectOk(checkMachines(settings));
    const backfill = { ...prod.backfill, instanceType: 'p9.huge' };
    const { detail } = expectFailure(checkMachines({ ...prod, backfill }));
    expect(detail).toContain('no price of this machine: p9.huge');
    expect(Object.values(machines).every((hourly) => hourly > 0)).toBe(true);
  });

  it('leaves a fifth of the budget, as it is assumed', () => {
    for (const settings of Object.values(environments)) {
      expect(cost(settings).monthly).toBeLessThan(settings.monthlyBudgetUsd * 0.8);
    }
  });
});

describe('npm run cost', () => {
  it('says what an environment costs', async () => {
    const args = ['-c', 'env=prod', '--searches-per-month', '20000000', '--json'];
    const { code, stdout } = await runScript('cost', args);
    expect(code).toBe(0);
    const asked = cost(prod, { searchesPerMonth: 20_000_000 });
    const told = JSON.parse(stdout) as { monthly: number; assumed: CostUsage };
    expect(told.monthly).toBeCloseTo(asked.monthly, 0);
    expect(told.assumed).toEqual({ ...usageOf('prod'), searchesPerMonth: 20_000_000 });
  });

  it('has a table with the sum, the budget, and what is not in it', async () => {
    const { stdout } = await runScript('cost', ['--context', 'env=dev']);
    expect(stdout).toContain(`Together ${cost(dev).monthly.toFixed(2)} a month; the budget is 300`);
    expect(stdout).toMatch(/^service +Fargate, 1 vCPU, 2048 MB +730 +hour +0.04937 +36.04$/m);
    expect(stdout).toContain('Not in it: discounts');
    expect(stdout).toContain('to be checked');
  });

  it.each([
    [[], 'Cannot run as -c env=… must be one of dev | staging | prod: none'],
    [['-c', 'env=production'], 'dev | staging | prod: production'],
    [['-c', 'env=dev', '--hit-share', '2'], '--hit-share must be a number from 0 to 1: 2'],
    [['-c', 'env=dev', '--pictures', ''], '--pictures must be a number from 0 to 10000000000: '],
    [['-c', 'env=dev', '--uploads', '1'], '--help shows the options'],
  ])('says what is wrong: %j', async (args, sentence) => {
    const { code, stdout, stderr } = await runScript('cost', args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(sentence);
  });

  it('takes another environment for a small one', () => {
    expect(expectOk(parseUsage('of-my-own', {}))).toEqual(usageOf('dev'));
  });

  it.each(['dev', 'staging', 'prod'])('is what docs/benchmarks/cost-%s.json has', async (name) => {
    const file = path.join(import.meta.dirname, `../docs/benchmarks/cost-${name}.json`);
    const { monthly, byPart } = JSON.parse(await readFile(file, 'utf8')) as ReturnType<typeof cost>;
    const now = cost(environments[name] ?? dev);
    expect(monthly).toBeCloseTo(now.monthly, 0);
    for (const [part, sum] of Object.entries(now.byPart)) {
      expect(byPart[part as Part]).toBeCloseTo(sum, 1);
    }
  });
});
