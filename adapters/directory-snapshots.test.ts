import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { describeSnapshotPlace } from '../test/contracts/snapshot-place.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { createDirectorySnapshots } from './directory-snapshots.ts';

const createDirectory = useTemporaryDirectories();

describeSnapshotPlace('a folder', async () =>
  createDirectorySnapshots(path.join(await createDirectory(), 'not', 'there')),
);

async function* nothing(): AsyncGenerator<Uint8Array> {}

it('does not list what a killed process has left half written', async () => {
  const directory = await createDirectory();
  const place = createDirectorySnapshots(directory);
  await mkdir(path.join(directory, 'a'));
  await writeFile(path.join(directory, 'a', 'b.part-0a1b2c3d'), 'half');
  expectOk(await place.put('a/c', nothing()));
  expect(expectOk(await place.list())).toEqual(['a/c']);
});

it('says why it cannot be written to', async () => {
  const directory = await createDirectory();
  await writeFile(path.join(directory, 'file'), '');
  const place = createDirectorySnapshots(path.join(directory, 'file'));
  expect(expectFailure(await place.put('a', nothing())).detail).toMatch(/^Cannot write a as E/);
});
