import { parseArgs } from 'node:util';
import { failure } from '../core/failure.ts';
import type { Async } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { checkRows, formatBadRow, refuseBadRows, writeRows } from './import-into.ts';
import { type ImportRowsOptions, readBatches } from './import-rows.ts';
import { type ImportSource, openImportSource } from './import-source.ts';
import { type Opened, withEngine } from './open-local.ts';
import { createProgress } from './progress.ts';

const help = `Take vectors that exist already into the index.

  npm run import -- V.npy --metadata rows.jsonl [options]
  npm run import -- <folder> [options]

  --metadata <file>   a line of JSON per vector (or a Parquet file): what is known of the picture
  --ids <file>        a line per vector: its id, or a key that one is made of
  --batch-size <n>    rows per write, 1 to 10000 (1000)
  --model <id>        which model made the vectors; refused where the index is of another
  --without <keys>    keys of the metadata that are not taken over, separated by commas
  --skip-bad          leave bad rows out, and say which; else one bad row stops all of it
  --dry-run           check everything and write nothing
  --no-optimize       more files follow: the last import makes searching fast
  --help              this text

The array is float16 or float32, rows by dimensions. A folder is one that \`npm run export\` has
written, or has the layout of clip-retrieval: img_emb/img_emb_0.npy with metadata/metadata_0.parquet,
and so on. Vectors are brought to unit length.

A row's id is its "id" (a decimal number), or else made of the first of s3_key, file_path, image_path
and url that it has, or of row-<n>. Further keys can be filtered by. What is unknown of width and height
is 0. Everything is checked before anything is written, and the same command may be run again after an
interruption. Of rows with the same id the last counts.
`;

await runCommand(async (args) => {
  const { values, positionals } = readArguments(args);
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    return wrongArgument(
      'there must be one file or folder: npm run import -- V.npy --metadata rows.jsonl',
    );
  }
  const batchSize = parseCount('batch-size', values['batch-size'], { min: 1, max: 10_000 });
  if (!batchSize.ok) return batchSize;
  const source = await openImportSource(path, values.metadata);
  if (!source.ok) return source;
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const done = await withEngine((opened) =>
    importInto(opened, source.value, {
      batchSize: batchSize.value,
      ids: values.ids,
      root: `import:${source.value.name}`,
      without: new Set(values.without.split(',')),
      signal: interruption.signal,
      model: values.model,
      skipBad: values['skip-bad'],
      dryRun: values['dry-run'],
      optimize: !values['no-optimize'],
    }),
  );
  if (done.ok || done.error.code !== 'cancelled') return done;
  process.stderr.write('Interrupted: the same command goes on from here.\n');
  return ok(130);
});

function readArguments(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      metadata: { type: 'string' },
      ids: { type: 'string' },
      'batch-size': { type: 'string', default: '1000' },
      model: { type: 'string' },
      without: { type: 'string', default: '' },
      'skip-bad': { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      'no-optimize': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

interface ImportOptions extends ImportRowsOptions {
  readonly model: string | undefined;
  readonly skipBad: boolean;
  readonly dryRun: boolean;
  readonly optimize: boolean;
}

async function importInto(
  { engine: { encoder, store } }: Opened,
  source: ImportSource,
  options: ImportOptions,
): Async<number> {
  const fits = checkModel(encoder.model, source, options.model);
  if (!fits.ok) return fits;
  const checking = createProgress('Checking', source.rows);
  const checked = await checkRows(readBatches(source, options), checking.advance);
  checking.stop();
  if (!checked.ok) return checked;
  const { rows, bad, badRows, repeated } = checked.value;
  const refused = options.skipBad ? ok(undefined) : refuseBadRows(checked.value);
  if (!refused.ok) return refused;
  if (bad > 0)
    process.stderr.write(`Left out, ${bad} rows:\n${badRows.map(formatBadRow).join('\n')}\n`);
  if (!options.dryRun) {
    const progress = createProgress('Importing', rows);
    const written = await writeRows(store, readBatches(source, options), progress.advance);
    progress.stop();
    if (!written.ok) return written;
    const optimized = options.optimize ? await store.optimize() : ok(undefined);
    if (!optimized.ok) return optimized;
  }
  const verb = options.dryRun ? 'would be imported' : 'imported';
  process.stdout.write(
    `${rows - bad - repeated} pictures ${verb} as vectors of ${encoder.model.id}, ${bad} bad rows, ${repeated} rows with the id of a later one.\n`,
  );
  return ok(0);
}

function checkModel(
  { id, dimensions }: { readonly id: string; readonly dimensions: number },
  source: ImportSource,
  asked: string | undefined,
) {
  const wayOut = 'set CLIP_MODEL_NAME and CLIP_PRETRAINED to the model that made them';
  if (asked !== undefined && asked !== id) {
    return err(
      failure(
        'model_mismatch',
        `Cannot import as the vectors are of ${asked}, and the index is of another model (${wayOut}): ${id}`,
      ),
    );
  }
  if (source.dimensions === dimensions) return ok(undefined);
  return err(
    failure(
      'model_mismatch',
      `Cannot import as the vectors are ${source.dimensions} long, and those of ${id} ${dimensions} (${wayOut})`,
    ),
  );
}
