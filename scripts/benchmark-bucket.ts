import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ok } from '../core/result.ts';
import { measureBucket } from './bucket-measurement.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { describeMachine } from './machine.ts';

const help = `Measure indexing from a bucket beside indexing from a folder: the same pictures, the same model.

  npm run benchmark:bucket -- --pictures <folder> [options]

  --pictures <folder>  pictures, without folders in it
  --copies <n>         how often each is indexed, under other names (4)
  --latency-ms <n>     how far away the bucket is, in the second half (30)
  --json <file>        also write the numbers, with machine and versions
  --help               this text

The bucket is a server on this machine, in a process of its own, which takes its share of the cores.
CPU milliseconds are those of one core, without the server's.
`;

await runCommand(async (args) => {
  const { values } = readArguments(args);
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const { pictures: folder } = values;
  if (folder === undefined) return wrongArgument('--pictures is missing: a folder of pictures');
  const copies = parseCount('copies', values.copies, { min: 1, max: 1000 });
  if (!copies.ok) return copies;
  const latencyMs = parseCount('latency-ms', values['latency-ms'], { min: 1, max: 10_000 });
  if (!latencyMs.ok) return latencyMs;
  const measured = await measureBucket({
    folder,
    copies: copies.value,
    latencyMs: latencyMs.value,
  });
  if (!measured.ok) return measured;
  const rows = Object.entries(measured.value).map(([name, { perSecond, cpuMs, loopMs }]) => [
    name,
    perSecond.toFixed(1),
    cpuMs.toFixed(2),
    loopMs.toFixed(2),
  ]);
  const head = ['', 'pictures/s', 'CPU ms each', 'event loop'];
  for (const [name = '', ...numbers] of [head, ...rows]) {
    process.stdout.write(`${name.padEnd(32)}${numbers.map((one) => one.padStart(14)).join('')}\n`);
  }
  if (values.json !== undefined) {
    const result = { command: 'benchmark:bucket', measured: measured.value, ...describeMachine() };
    await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
  }
  return ok(0);
});

function readArguments(args: string[]) {
  return parseArgs({
    args,
    options: {
      pictures: { type: 'string' },
      copies: { type: 'string', default: '4' },
      'latency-ms': { type: 'string', default: '30' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
}
