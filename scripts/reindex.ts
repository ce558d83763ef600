import { parseArgs } from 'node:util';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { parseCount, runCommand } from './command.ts';
import { readLocalConfig } from './open-local.ts';
import { reindexCollection } from './reindex-collection.ts';
import { configFor } from './reindex-model.ts';

const help = `Build the index anew beside the one that is searched, and put it in its place.

  npm run reindex -- --model <id> [options]
  npm run reindex -- --same-model [options]

  --model <id>       such as ViT-B-32/openai; left out, the one that the settings ask for
  --same-model       keep the model and copy the vectors: takes on changed settings of the graph
  --batch-size <n>   pictures that are encoded at once, 1 to 4096 (64)
  --keep-old         Qdrant: the collection before stays until the next reindex
  --restart          do not go on with what an earlier run has begun
  --help             this text

Every picture of the index is read from where it was indexed, and encoded by the new model; those
that are gone or broken are named and left out. With Qdrant searches and writes go on meanwhile, and
none is lost; the embedded index can be open in one process only, so stop \`npm start\`. After an
interruption the same command goes on where it was.
`;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: 'string' },
      'same-model': { type: 'boolean', default: false },
      'batch-size': { type: 'string', default: '64' },
      'keep-old': { type: 'boolean', default: false },
      restart: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const batchSize = parseCount('batch-size', values['batch-size'], { min: 1, max: 4096 });
  if (!batchSize.ok) return batchSize;
  const config = readLocalConfig();
  if (!config.ok) return config;
  const wanted = configFor(config.value, values);
  if (!wanted.ok) return wanted;
  return interruptible((signal) =>
    reindexCollection({
      config: config.value,
      wanted: wanted.value,
      sameModel: values['same-model'],
      batchSize: batchSize.value,
      keepOld: values['keep-old'],
      restart: values.restart,
      signal,
    }),
  );
});

async function interruptible(work: (signal: AbortSignal) => Async<number>): Async<number> {
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const done = await work(interruption.signal);
  if (done.ok || !interruption.signal.aborted) return done;
  process.stderr.write('Interrupted: the same command goes on from here.\n');
  return ok(130);
}
