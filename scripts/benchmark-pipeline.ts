import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ok } from '../core/result.ts';
import { parseCount, runCommand } from './command.ts';
import { describeMachine } from './machine.ts';
import { startRemoteAws } from './pipeline-bench.ts';
import { bucket, measurePipeline } from './pipeline-measurement.ts';

const help = `Measure the indexing pipeline beside what the encoder alone does on the same pictures.

  npm run benchmark:pipeline -- [options]

  --count <n>        how many pictures (1000)
  --pictures <dir>   files of a folder, again and again; left out: JPEGs of noise, 640 × 480
  --model <name>     demo, vit-b-32 (its shape, with weights of chance), or a model directory (demo)
  --batch-size <n>   messages of one call of the function (64), and pictures that are encoded together
                     where the encoder is alone
  --concurrency <n>  calls at a time (2), of the function and of the encoder alone
  --json <file>      also write the numbers, with machine and versions
  --help             this text

The pipeline is S3 and SQS over the wire, in a process of their own on this machine, and the function
that AWS runs: it reads, encodes, makes thumbnails, writes them, and writes the index. The encoder alone
has the files in memory. Half of its pictures come before the pipeline's turn and half after it.
`;

const options = {
  count: { type: 'string', default: '1000' },
  pictures: { type: 'string' },
  model: { type: 'string', default: 'demo' },
  'batch-size': { type: 'string', default: '64' },
  concurrency: { type: 'string', default: '2' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

await runCommand(async (args) => {
  const { values } = parseArgs({ args, options });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const count = parseCount('count', values.count, { min: 10, max: 1_000_000 });
  if (!count.ok) return count;
  const batchSize = parseCount('batch-size', values['batch-size'], { min: 1, max: 10_000 });
  if (!batchSize.ok) return batchSize;
  const concurrency = parseCount('concurrency', values.concurrency, { min: 1, max: 64 });
  if (!concurrency.ok) return concurrency;
  const asked = {
    count: count.value,
    model: values.model,
    pictures: values.pictures,
    batchSize: batchSize.value,
    concurrency: concurrency.value,
  };
  const aws = await startRemoteAws(bucket);
  const folder = await mkdtemp(join(os.tmpdir(), 'benchmark-pipeline-'));
  try {
    const report = await measurePipeline(asked, folder, aws);
    if (!report.ok) return report;
    process.stdout.write(`${JSON.stringify(report.value, null, 2)}\n`);
    if (values.json !== undefined) {
      const run = { command: 'benchmark:pipeline', asked, ...report.value, ...describeMachine() };
      await writeFile(values.json, `${JSON.stringify(run, null, 2)}\n`);
    }
    return ok(0);
  } finally {
    await aws.stop();
    await rm(folder, { recursive: true });
  }
});
