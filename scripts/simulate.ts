import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readManifest } from '../adapters/embedded-files.ts';
import { createProcessLogger } from '../adapters/process-logger.ts';
import { type Async, failure } from '../core/failure.ts';
import type { VectorStore } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { openStore } from '../gpu-service/open-store.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { folderBytes } from './folder-bytes.ts';
import { readLocalConfig } from './open-local.ts';
import { createProgress } from './progress.ts';
import { type Simulated, simulateInto } from './simulate-into.ts';
import { createSimulation, type Simulation } from './simulated-points.ts';

const help = `Fill a collection with made-up pictures, to see how long it takes and how much it needs.

  npm run simulate -- --count 1000000 --dimensions 1024 [options]

  --count <n>          pictures, 1 to 100000000 (10000)
  --dimensions <n>     length of the vectors, 8 to 4096 (1024)
  --batch-size <n>     pictures per write, 1 to 10000 (10000)
  --seed <n>           another seed is another collection (1)
  --like <kind>        clip: vectors that behave as those of CLIP; else any direction is as likely
  --collection <name>  where to (simulated)
  --remove             take the collection away again
  --help               this text

Goes on where it was when it is run again after an interruption, and adds what is missing when the
count is larger. Writes to the store of VECTOR_STORE, embedded or qdrant; the pictures have metadata
(category, license, year, price, indoor, tags, row), but no files. The search page does not show them.
`;

/** For the search space of the collection. */
const textCount = 2000;

await runCommand(async (args) => {
  const { values } = readArguments(args);
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const count = parseCount('count', values.count, { min: 1, max: 100_000_000 });
  if (!count.ok) return count;
  const dimensions = parseCount('dimensions', values.dimensions, { min: 8, max: 4096 });
  if (!dimensions.ok) return dimensions;
  const batchSize = parseCount('batch-size', values['batch-size'], { min: 1, max: 10_000 });
  if (!batchSize.ok) return batchSize;
  const seed = parseCount('seed', values.seed, { min: 0, max: 2 ** 31 - 1 });
  if (!seed.ok) return seed;
  const { like = 'chance' } = values;
  if (like !== 'clip' && like !== 'chance') return wrongArgument(`--like must be clip: ${like}`);
  const config = readLocalConfig({ ...process.env, QDRANT_COLLECTION: values.collection });
  if (!config.ok) return config;
  if (values.remove) return remove(config.value);
  const simulation = createSimulation({ seed: seed.value, dimensions: dimensions.value, like });
  return simulate(config.value, simulation, count.value, batchSize.value);
});

function readArguments(args: string[]) {
  return parseArgs({
    args,
    options: {
      count: { type: 'string', default: '10000' },
      dimensions: { type: 'string', default: '1024' },
      'batch-size': { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      like: { type: 'string' },
      collection: { type: 'string', default: 'simulated' },
      remove: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

async function simulate(
  config: GpuServiceConfig,
  simulation: Simulation,
  count: number,
  batchSize: number,
): Async<number> {
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const { texts } = simulation;
  const opened = await openStore(
    // Where every direction is as likely, no space is better than another.
    texts === null ? { ...config, SEARCH_SPACE: 'off' } : config,
    {
      model: simulation.model,
      textVectors: async () => ok(texts?.(textCount) ?? []),
      logger: createProcessLogger(config.LOG_LEVEL),
    },
  );
  if (!opened.ok) return opened;
  const progress = createProgress('Simulating', count);
  const { signal } = interruption;
  const options = { count, batchSize, signal, onRows: progress.advance };
  const done = await simulateInto(opened.value, simulation, options);
  progress.stop();
  const finished = done.ok ? await finish(opened.value, done.value) : done;
  await opened.value.close();
  if (finished.ok) {
    process.stdout.write(`${finished.value}${await describeUse(config)}\n`);
    return ok(0);
  }
  if (!signal.aborted) return finished;
  process.stderr.write('Interrupted: the same command goes on from here.\n');
  return ok(130);
}

async function finish(store: VectorStore, simulated: Simulated): Async<string> {
  const start = performance.now();
  const optimized = await store.optimize();
  if (!optimized.ok) return optimized;
  const optimizingMs = performance.now() - start;
  const described = await store.describe();
  if (!described.ok) return described;
  const { collection, vectorsCount, status } = described.value;
  const { found, written, makingMs, writingMs } = simulated;
  return ok(`${vectorsCount} pictures in ${collection} (${status}): ${found} found, ${written} written.
  making     ${seconds(makingMs)}
  writing    ${seconds(writingMs)}
  optimizing ${seconds(optimizingMs)}
`);
}

async function describeUse({ VECTOR_STORE, DATA_DIR, QDRANT_COLLECTION }: GpuServiceConfig) {
  const peak = `  memory     ${megabytes(process.resourceUsage().maxRSS * 1024)} at most, of this process`;
  if (VECTOR_STORE === 'qdrant') return peak;
  return `${peak}\n  disk       ${megabytes(await folderBytes(join(DATA_DIR, QDRANT_COLLECTION)))}`;
}

/** Only what was simulated, whatever the collection's name. */
async function remove(config: GpuServiceConfig): Async<number> {
  const { QDRANT_COLLECTION: collection, VECTOR_STORE, DATA_DIR } = config;
  const folder = join(DATA_DIR, collection);
  if (VECTOR_STORE === 'qdrant') {
    return wrongArgument(
      `Qdrant's own command takes a collection away: DELETE /collections/${collection}`,
    );
  }
  const manifest = await readManifest(folder).catch(() => undefined);
  if (manifest === undefined) return wrongArgument(`there is no such collection: ${folder}`);
  const { model: id, revision, dimensions } = manifest;
  if (!id.startsWith('simulated-')) {
    return err(
      failure(
        'invalid_field',
        `Cannot remove the collection as its pictures are not made up: ${collection}`,
      ),
    );
  }
  // Whoever has it open keeps it.
  const opened = await openStore(config, {
    model: { id, revision, dimensions },
    textVectors: async () => ok([]),
    logger: createProcessLogger(config.LOG_LEVEL),
  });
  if (!opened.ok) return opened;
  await opened.value.close();
  await rm(folder, { recursive: true });
  process.stdout.write(`Removed ${folder}\n`);
  return ok(0);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}
