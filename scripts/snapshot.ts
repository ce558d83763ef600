import { parseArgs } from 'node:util';
import { formatBytes } from '../adapters/model-pull-disk.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import {
  createSnapshot,
  listSnapshots,
  readSnapshot,
  removeSnapshot,
  restoreSnapshot,
  type SnapshotInfo,
  type SnapshotPlace,
} from '../core/snapshots.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { runCommand, wrongArgument } from './command.ts';
import { readLocalConfig } from './open-local.ts';
import { createProgress } from './progress.ts';
import { openPlace, openSnapshotStore } from './snapshot-places.ts';

const help = `Keep copies of the index, and bring one back.

  npm run snapshot -- create  [--to <place>]
  npm run snapshot -- list    [--from <place>]
  npm run snapshot -- restore <name> [--from <place>]
  npm run snapshot -- remove  <name> [--from <place>]

  --to, --from <place>   a folder, or s3://bucket/prefix (DATA_DIR/snapshots)
  --help                 this text

A snapshot has vectors, records, model and settings of the index, and none of the pictures. It can
be taken while \`npm start\` runs. A restored one takes the place of the index that is there, in one
step and only when every file has the hash that it had; the embedded index must not be open
meanwhile. S3 is found as the AWS SDK finds it (AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL_S3 …).
QDRANT_NODES=http://a:6333,http://b:6333 names every node of a cluster of Qdrant.
`;

const actions = { create, list, restore, remove } as const;

interface Request {
  readonly config: GpuServiceConfig;
  readonly place: SnapshotPlace;
  readonly name: string;
}

await runCommand(async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      from: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const [action = '', name, ...more] = positionals;
  const act = Object.entries(actions).find(([known]) => known === action)?.[1];
  if (act === undefined)
    return wrongArgument(`it must be create, list, restore or remove: ${action}`);
  const needsName = action === 'restore' || action === 'remove';
  if (needsName !== (name !== undefined) || more.length > 0) {
    return wrongArgument(
      needsName ? `${action} needs one name` : `${action} takes no name: ${name}`,
    );
  }
  if ((action === 'create' ? values.from : values.to) !== undefined) {
    return wrongArgument(
      `${action} takes ${action === 'create' ? '--to, not --from' : '--from, not --to'}`,
    );
  }
  const config = readLocalConfig();
  if (!config.ok) return config;
  const place = openPlace(values.to ?? values.from, config.value);
  if (!place.ok) return place;
  return act({ config: config.value, place: place.value, name: name ?? '' });
});

async function create({ config, place }: Request): Async<number> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const name = `${config.QDRANT_COLLECTION}-${time}`;
  let bytes = 0;
  const store = openSnapshotStore(config);
  const taken = await createSnapshot(store, place, name, (some) => (bytes += some));
  if (!taken.ok) return taken;
  process.stdout.write(
    `${name}: ${taken.value.vectors} vectors of ${taken.value.model}, ${formatBytes(bytes)}, in ${place.location}\n`,
  );
  return ok(0);
}

async function list({ place }: Request): Async<number> {
  const listed = await listSnapshots(place);
  if (!listed.ok) return listed;
  if (listed.value.length === 0) process.stdout.write(`No snapshots in ${place.location}\n`);
  for (const { name, info } of listed.value) {
    process.stdout.write(`${name}  ${info.ok ? summaryOf(info.value) : info.error.detail}\n`);
  }
  return ok(listed.value.every(({ info }) => info.ok) ? 0 : 1);
}

async function restore({ config, place, name }: Request): Async<number> {
  const info = await readSnapshot(place, name);
  if (!info.ok) return info;
  const progress = createProgress('Restoring', bytesOf(info.value), formatBytes);
  const store = openSnapshotStore(config);
  const restored = await restoreSnapshot(store, place, name, progress.advance);
  progress.stop();
  if (!restored.ok) return restored;
  process.stdout.write(`Restored ${name}: ${summaryOf(restored.value)}\n`);
  return ok(0);
}

async function remove({ place, name }: Request): Async<number> {
  const removed = await removeSnapshot(place, name);
  if (!removed.ok) return removed;
  process.stdout.write(`Removed ${name} from ${place.location}\n`);
  return ok(0);
}

function summaryOf(info: SnapshotInfo): string {
  const { kind, vectors, model } = info;
  return `${kind}, ${vectors} vectors of ${model}, ${formatBytes(bytesOf(info))}`;
}

function bytesOf({ files }: SnapshotInfo): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
