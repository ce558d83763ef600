import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import type { Async } from '../core/failure.ts';
import type { Outcome } from '../core/indexer.ts';
import type { ObjectReader } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { indexFolder, type IndexFolderOptions } from './index-folder.ts';
import { createManifest } from './manifest.ts';
import { type Opened, withEngine } from './open-local.ts';
import { createProgress } from './progress.ts';
import { createReport } from './report.ts';

const help = `Index the pictures of a folder, so that they can be searched.

  npm run index -- <folder> [options]

  --batch-size <n>   pictures per batch, 1 to 4096 (256)
  --category <name>  category of every picture (default: its first folder below <folder>)
  --prune            also remove pictures whose file is gone
  --remove           take all pictures of <folder> out of the index; the files stay
  --manifest <file>  what became of every file, as JSON (DATA_DIR/manifest.json)
  --help             this text

JPEG, PNG, WebP, BMP, TIFF, GIF and AVIF, up to 50 MB and 100 megapixels. Unchanged files are
skipped, so after an interruption the same command goes on where it was. The index is in DATA_DIR
(.data); stop \`npm start\` meanwhile, as one process at a time may write.
`;

await runCommand(async (args) => {
  const { values, positionals } = readArguments(args);
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) {
    return wrongArgument('there must be one folder: npm run index -- <folder>');
  }
  const batchSize = parseCount('batch-size', values['batch-size'], { min: 1, max: 4096 });
  if (!batchSize.ok) return batchSize;
  if (!values.remove && !(await isFolder(folder))) {
    return wrongArgument(`there is no such folder: ${folder}`);
  }
  const objects = createDirectoryObjects(folder);
  return withEngine(({ engine, config: { DATA_DIR } }) => {
    if (values.remove) return removeFolder(engine, objects);
    const manifest = values.manifest ?? join(DATA_DIR, 'manifest.json');
    return index(engine, { ...values, objects, batchSize: batchSize.value }, manifest);
  });
});

function readArguments(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      'batch-size': { type: 'string', default: '256' },
      category: { type: 'string' },
      prune: { type: 'boolean', default: false },
      remove: { type: 'boolean', default: false },
      manifest: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function index(
  engine: Opened['engine'],
  options: Omit<IndexFolderOptions, 'onOutcomes' | 'signal'>,
  manifestPath: string,
): Async<number> {
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const [manifest, total] = await Promise.all([
    createManifest(manifestPath),
    countFiles(options.objects),
  ]);
  const progress = createProgress('Indexing', total);
  const report = createReport();
  const onOutcomes = async (outcomes: readonly Outcome[]) => {
    report.add(outcomes);
    progress.advance(outcomes.filter(({ outcome }) => outcome !== 'removed').length);
    await manifest.add(outcomes);
  };
  const indexed = await indexFolder(engine, {
    ...options,
    signal: interruption.signal,
    onOutcomes,
  });
  progress.stop();
  await manifest.finish();
  process.stdout.write(`${report.summary()}\nEvery file: ${manifestPath}\n`);
  if (indexed.ok) return ok(0);
  if (!interruption.signal.aborted) return indexed;
  process.stderr.write('Interrupted: the same command goes on from here.\n');
  return ok(130);
}

async function countFiles(objects: ObjectReader): Promise<number> {
  let count = 0;
  for await (const _ of objects.list()) count += 1;
  return count;
}

async function removeFolder({ store }: Opened['engine'], { root }: ObjectReader): Async<number> {
  let removed = 0;
  for await (const page of store.scan()) {
    if (!page.ok) return page;
    const ids = page.value.filter(({ origin }) => origin.root === root).map(({ id }) => id);
    const done = await store.remove(ids);
    if (!done.ok) return done;
    removed += ids.length;
  }
  process.stdout.write(`Removed ${removed} pictures of ${root} from the index.\n`);
  return store.optimize().then((done) => (done.ok ? ok(0) : done));
}
