import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { announceEverySeconds } from '../core/announced-generation.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { type CdnAnswer, type CdnLoad, runCdnLoad, summarizeMs } from './cdn-load.ts';
import { type CdnSystem, propagationMs, startCdnSystem } from './cdn-system.ts';
import { createCdnUploader } from './cdn-uploads.ts';
import { parseCount, runCommand } from './command.ts';
import { describeMachine } from './machine.ts';

const help = `Measure what CloudFront takes off the system: queries of which few are asked often, while pictures come in.

  npm run benchmark:cdn -- [options]

  --queries <n>        different ones; the n-th is asked n times less often than the first (1000)
  --rate <n>           requests per second, at random moments (100)
  --seconds <n>        how long each turn is (20)
  --rounds <n>         turns with CloudFront, and as many without, by turns (3)
  --upload-every <n>   seconds from one upload to the next (5)
  --cdn-seconds <n>    how long CloudFront may keep an answer (10)
  --json <file>        also write the numbers, with machine and versions
  --help               this text

CloudFront is simulated on this machine, by the rules and functions of the template that is deployed as
prod; behind it is npm start. There is no network in between: what CloudFront saves by being near to
whoever asks is not in these numbers.
`;

const counts = {
  queries: { usual: '1000', max: 100_000 },
  rate: { usual: '100', max: 5000 },
  seconds: { usual: '20', max: 3600 },
  rounds: { usual: '3', max: 100 },
  'upload-every': { usual: '5', max: 3600 },
  'cdn-seconds': { usual: '10', max: 60 },
} as const;
type Settings = Record<keyof typeof counts, number>;

await runCommand(async (args) => {
  const text = { type: 'string' } as const;
  const options = Object.fromEntries(
    Object.entries(counts).map(([name, { usual }]) => [name, { ...text, default: usual }]),
  ) as Record<keyof typeof counts, { readonly type: 'string'; readonly default: string }>;
  const { values } = parseArgs({
    args,
    options: { ...options, json: text, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const settings: Partial<Settings> = {};
  for (const [name, { max }] of Object.entries(counts)) {
    const count = parseCount(name, values[name as keyof typeof counts], { min: 1, max });
    if (!count.ok) return count;
    settings[name as keyof typeof counts] = count.value;
  }
  const measured = await measure(settings as Settings);
  if (!measured.ok) return measured;
  process.stdout.write(toText(measured.value));
  if (values.json !== undefined) {
    const run = { command: 'benchmark:cdn', simulated: true, ...settings, propagationMs };
    const result = { ...run, announceEverySeconds, ...measured.value, ...describeMachine() };
    await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
  }
  return ok(0);
});

type Measured = ReturnType<typeof summarize>;

async function measure(settings: Settings): Async<Measured> {
  const system = await startCdnSystem(settings['cdn-seconds']);
  if (!system.ok) return system;
  const { serverUrl, cdnUrl, published, stop } = system.value;
  const { queries, rate: perSecond, seconds, rounds } = settings;
  const load: CdnLoad = { queries, perSecond, seconds };
  const uploads = keepUploading(system.value, settings['upload-every']);
  const answers = { without: [] as CdnAnswer[], with: [] as CdnAnswer[] };
  try {
    // Code gets hot, connections open.
    await runCdnLoad(cdnUrl, { ...load, seconds: Math.min(seconds, 3) });
    for (let round = 0; round < rounds; round += 1) {
      answers.without.push(...(await runCdnLoad(serverUrl, load)));
      answers.with.push(...(await runCdnLoad(cdnUrl, load)));
    }
    return ok(summarize(answers, await uploads.stop(), published()));
  } finally {
    await uploads.stop();
    await stop();
  }
}

/** One after the other, and each is waited for until CloudFront shows it. */
function keepUploading({ serverUrl, cdnUrl, announce }: CdnSystem, everySeconds: number) {
  const uploader = createCdnUploader(serverUrl);
  const seenMs: number[] = [];
  const over = new AbortController();
  const loop = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const next = pause(everySeconds * 1000, undefined, { signal: over.signal }).catch(() => {});
      await uploader.upload();
      await announce();
      seenMs.push(await uploader.seenAfterMs(cdnUrl));
      await next;
    }
  };
  const running = loop();
  return {
    async stop(): Promise<readonly number[]> {
      over.abort();
      await running;
      return seenMs;
    },
  };
}

function summarize(
  answers: { readonly without: readonly CdnAnswer[]; readonly with: readonly CdnAnswer[] },
  seenMs: readonly number[],
  generations: number,
) {
  const isHit = ({ how }: CdnAnswer) => how === 'Hit';
  const msOf = (some: readonly CdnAnswer[]) => summarizeMs(some.map(({ ms }) => ms));
  const hits = answers.with.filter(isHit);
  const [without, behind] = [msOf(answers.without), msOf(answers.with)];
  const all = [...answers.without, ...answers.with];
  return {
    failed: all.filter(({ status }) => status !== 200).length,
    hit_ratio: share(hits.length, answers.with.length),
    behind_per_1000: Math.round(1000 * (1 - share(hits.length, answers.with.length))),
    ms: {
      without,
      with: behind,
      with_hit: msOf(hits),
      with_miss: msOf(answers.with.filter((one) => !isHit(one))),
    },
    ratio: {
      p50: share(behind.p50, without.p50),
      p95: share(behind.p95, without.p95),
      p99: share(behind.p99, without.p99),
    },
    uploads: { generations, seen_after_ms: summarizeMs(seenMs) },
  };
}

function share(part: number, whole: number): number {
  return Math.round((1000 * part) / whole) / 1000;
}

function toText({ failed, hit_ratio, behind_per_1000, ms, ratio, uploads }: Measured): string {
  const columns = ['count', 'p50', 'p95', 'p99', 'max'] as const;
  const row = (name: string, cells: readonly string[]) =>
    `${name.padEnd(18)}${cells.map((cell) => cell.padStart(10)).join('')}`;
  const rows = Object.entries(ms).map(([name, numbers]) =>
    row(
      name.replaceAll('_', ' '),
      columns.map((column) => String(numbers[column])),
    ),
  );
  const { generations, seen_after_ms: seen } = uploads;
  return `${[
    row('ms', columns),
    ...rows,
    '',
    `CloudFront answered ${(100 * hit_ratio).toFixed(1)} % by itself: ${behind_per_1000} of 1,000 requests went on.`,
    `With it against without: p50 ${ratio.p50}, p95 ${ratio.p95}, p99 ${ratio.p99}.`,
    `${seen.count} uploads, ${generations} generations; each was seen through CloudFront after ${seen.p50} ms (p50), ${seen.max} ms (max).`,
    ...(failed === 0 ? [] : [`${failed} requests failed.`]),
  ].join('\n')}\n`;
}
