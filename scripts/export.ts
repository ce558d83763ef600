import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { runCommand, wrongArgument } from './command.ts';
import { exportFrom } from './export-from.ts';
import { type Opened, withEngine } from './open-local.ts';
import { createProgress } from './progress.ts';

const help = `Take the vectors out of the index, with all that is known of the pictures.

  npm run export -- <folder> [options]

  --float16   half the size, and about three digits
  --help      this text

The folder has vectors.npy, and rows.jsonl with a line per vector: id, metadata, origin. It must not be
there: it gets its name when everything is in it. \`npm run import -- <folder>\` makes the same collection
of it again.
`;

await runCommand(async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      float16: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) {
    return wrongArgument('there must be one folder: npm run export -- <folder>');
  }
  if (existsSync(folder)) return wrongArgument(`the folder is there already: ${folder}`);
  return withEngine((opened) => exportTo(opened, folder, values.float16));
});

async function exportTo(
  { engine: { encoder, store } }: Opened,
  folder: string,
  float16: boolean,
): Async<number> {
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const total = await store.count();
  if (!total.ok) return total;
  const progress = createProgress('Exporting', total.value);
  const exported = await exportFrom(store, folder, {
    dimensions: encoder.model.dimensions,
    float16,
    signal: interruption.signal,
    onRows: progress.advance,
  });
  progress.stop();
  if (!exported.ok) {
    if (!interruption.signal.aborted) return exported;
    process.stderr.write('Interrupted: nothing was left.\n');
    return ok(130);
  }
  process.stdout.write(`${exported.value} vectors of ${encoder.model.id} in ${folder}\n`);
  return ok(0);
}
