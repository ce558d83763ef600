import { parseArgs } from 'node:util';
import { parseEnv } from '../core/env.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { indexDirectory, removeDirectory } from './index-directory.ts';
import { type IndexOptions, PlaceSetting } from './index-run.ts';

const help = `Index the pictures of a folder or a bucket, so that they can be searched.

  npm run index -- <folder> [options]
  npm run index -- s3://bucket/prefix [options]

  --batch-size <n>   pictures per batch, 1 to 4096 (256)
  --category <name>  category of every picture (default: its first folder)
  --place            also keep where pictures were taken, where they say it (also with INDEX_PLACE=true)
  --prune            also remove pictures whose file is gone
  --remove           take all pictures of the folder or bucket out of the index; the files stay
  --manifest <file>  what became of every file: a file for JSON, or s3://bucket/key for JSON Lines
                     (DATA_DIR/manifest.json; of a bucket .picture-search/manifests/ in it)
  --help             this text

Of a bucket:

  --inventory <url>  list it by an S3 Inventory: s3://bucket/…/manifest.json (CSV or Parquet)
  --shard <i/n>      one of n parts, i from 0 to n - 1: that many machines share the work

JPEG, PNG, WebP, BMP, TIFF, GIF and AVIF, up to 50 MB and 100 megapixels. Unchanged files are
skipped, so after an interruption the same command goes on where it was. The index is in DATA_DIR
(.data); stop \`npm start\` meanwhile, as one process at a time may write. With VECTOR_STORE=qdrant
any number may.
`;

await runCommand(async (args) => {
  const { values, positionals } = readArguments(args);
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const [place] = positionals;
  if (place === undefined || positionals.length > 1) {
    return wrongArgument('there must be one folder or bucket: npm run index -- <folder>');
  }
  const batchSize = parseCount('batch-size', values['batch-size'], { min: 1, max: 4096 });
  if (!batchSize.ok) return batchSize;
  const setting = parseEnv(PlaceSetting, process.env);
  if (!setting.ok) return setting;
  const keepsPlace = values.place || setting.value.INDEX_PLACE;
  return indexPlace(place, { ...values, place: keepsPlace, batchSize: batchSize.value });
});

interface PlaceOptions extends IndexOptions {
  readonly remove: boolean;
  readonly inventory?: string | undefined;
  readonly shard?: string | undefined;
}

async function indexPlace(place: string, options: PlaceOptions): Async<number> {
  if (place.startsWith('s3://')) {
    // Folders need no client of S3, which takes its time to load.
    const { indexBucketPart, removeBucketPart } = await import('./index-bucket.ts');
    return options.remove ? removeBucketPart(place, options) : indexBucketPart(place, options);
  }
  for (const name of ['inventory', 'shard'] as const) {
    if (options[name] !== undefined) return wrongArgument(`--${name} is for buckets: ${place}`);
  }
  return options.remove ? removeDirectory(place) : indexDirectory(place, options);
}

function readArguments(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      'batch-size': { type: 'string', default: '256' },
      category: { type: 'string' },
      place: { type: 'boolean', default: false },
      prune: { type: 'boolean', default: false },
      remove: { type: 'boolean', default: false },
      manifest: { type: 'string' },
      inventory: { type: 'string' },
      shard: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
}
