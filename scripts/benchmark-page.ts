import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Browser, chromium, type LaunchOptions, type Page } from 'playwright-core';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { describeMachine } from './machine.ts';
import { createPageActions, type PageAction } from './page-actions.ts';
import { buildPage } from './page-build.ts';
import { measureEmptyFrame, measureFeedback, watchFeedback } from './page-feedback.ts';
import { type FirstPaint, measureFirstPaint } from './page-first-paint.ts';
import { takePicture } from './page-picture.ts';
import {
  type ActionNumbers,
  bars,
  isWithin,
  type MeasuredPage,
  mostFrequent,
  summarize,
  summarizePaints,
  toText,
} from './page-report.ts';
import { measurePage } from './page-size.ts';
import { createProgress } from './progress.ts';
import { withServedPage } from './served-page.ts';

const help = `Measure how soon the search page answers what one does, in Chromium against npm start.

  npm run benchmark:page -- [options]

  --runs <n>           of every action (20)
  --only <text>        actions with this in their name alone
  --chromium <file>    the browser (/usr/bin/chromium)
  --json <file>        also write the numbers, with machine and versions
  --picture <file>     also take a picture of a conversation, as docs/page.png
  --help               this text

The server is started anew on the demo pictures, in a folder that is removed afterwards, with a language
model of a few words; so the first minute goes by before anything is measured. The time of an action
counts from the event until the frame with the first change has been painted. The bars are ${bars.feedbackMs} ms for
every action and ${bars.firstPaintMs} ms for the first paint of a new browser; beside them is what this machine allows.
`;

const switches =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '20' },
      only: { type: 'string', default: '' },
      chromium: { type: 'string', default: '/usr/bin/chromium' },
      json: { type: 'string' },
      picture: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const runs = parseCount('runs', values.runs, { min: 1, max: 1000 });
  if (!runs.ok) return runs;
  if (!existsSync(values.chromium)) {
    return wrongArgument(`there is no browser there (--chromium <file>): ${values.chromium}`);
  }
  const options = { executablePath: values.chromium, args: switches.split(' ') };
  const { only, picture } = values;
  const measured = await measure({ runs: runs.value, only, picture, options });
  if (!measured.ok) return measured;
  process.stdout.write(toText(measured.value));
  if (values.json !== undefined) {
    const run = { command: 'benchmark:page', runs: runs.value, bars };
    const result = { ...run, ...measured.value, ...describeMachine() };
    await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
  }
  return ok(isWithin(measured.value) ? 0 : 1);
});

interface MeasureOptions {
  readonly runs: number;
  readonly only: string;
  readonly picture: string | undefined;
  readonly options: LaunchOptions;
}

async function measure({ runs, only, picture, options }: MeasureOptions): Async<MeasuredPage> {
  const built = await buildPage();
  if (!built.ok) return built;
  const size = await measurePage(built.value);
  return withServedPage(runs, async (parts) => {
    const actions = createPageActions(parts).filter(({ name }) => name.includes(only));
    const progress = createProgress('Measuring', runs * (actions.length + 1));
    const paints: FirstPaint[] = [];
    for (let run = 0; run < runs; run += 1) {
      paints.push(await measureFirstPaint(parts.origin, options));
      progress.advance(1);
    }
    const browser = await chromium.launch(options);
    try {
      if (picture !== undefined)
        await withPage(browser, (page) => takePicture(page, parts, picture));
      const numbers: Record<string, ActionNumbers> = {};
      for (const action of actions) {
        numbers[action.name] = await measureAction(browser, action, runs, progress);
      }
      return ok({
        chromium: browser.version(),
        script: { bytes: size.scriptBytes, gzipBytes: size.scriptGzipBytes },
        firstPaint: summarizePaints(paints),
        emptyFrame: summarize(await measureFrames(browser, runs)),
        actions: numbers,
      });
    } finally {
      progress.stop();
      await browser.close();
    }
  });
}

/** Each time in a page of its own, which has seen nothing yet. */
async function measureAction(
  browser: Browser,
  action: PageAction,
  runs: number,
  progress: Pick<ReturnType<typeof createProgress>, 'advance'>,
): Promise<ActionNumbers> {
  const found = [];
  for (let run = 0; run < runs; run += 1) {
    found.push(
      await withPage(browser, async (page) => {
        await watchFeedback(page);
        await action.prepare(page, run);
        return measureFeedback(page, action, () => action.act(page, run));
      }),
    );
    progress.advance(1);
  }
  return {
    ...summarize(found.map(({ feedbackMs }) => feedbackMs)),
    first: mostFrequent(found.map(({ first }) => first)),
    barMs: action.isLater ? null : bars.feedbackMs,
  };
}

function measureFrames(browser: Browser, runs: number): Promise<number[]> {
  return withPage(browser, async (page) => {
    const frames: number[] = [];
    for (let run = 0; run < runs; run += 1) frames.push(await measureEmptyFrame(page));
    return frames;
  });
}

async function withPage<T>(browser: Browser, work: (page: Page) => Promise<T>): Promise<T> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  try {
    return await work(page);
  } finally {
    await page.context().close();
  }
}
