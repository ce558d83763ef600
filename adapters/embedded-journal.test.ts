import { appendFile, readFile, truncate } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPoint, randomVector } from '../test/support/points.ts';
import { seededRandom } from '../test/support/random.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { documentsOf } from './embedded-documents.ts';
import { type Change, openJournal } from './embedded-journal.ts';

const createDirectory = useTemporaryDirectories();
const random = seededRandom(2);
const changes: readonly Change[] = [
  {
    upsert: documentsOf([
      createPoint('1', randomVector(random, 8), { tags: ['a', 1], none: null }),
    ]),
  },
  { remove: ['1', '18446744073709551615'] },
  { upsert: documentsOf(['2', '3'].map((id) => createPoint(id, randomVector(random, 8)))) },
];

describe('The journal', () => {
  it('gives back every change in order, and goes on behind them', async () => {
    const file = await written();
    const [first] = await reopened(file, { remove: ['9'] });
    expect(first).toEqual(changes);
    const [second] = await reopened(file);
    expect(second).toEqual([...changes, { remove: ['9'] }]);
  });

  it('ends before a change that was cut off anywhere, and can be written to again', async () => {
    const whole = (await readFile(await written())).length;
    for (const missing of [1, 7, 40, 100]) {
      const file = await written();
      await truncate(file, whole - missing);
      const [first] = await reopened(file, { remove: ['9'] });
      expect(first).toEqual(changes.slice(0, 2));
      const [second] = await reopened(file);
      expect(second).toEqual([...changes.slice(0, 2), { remove: ['9'] }]);
    }
  });

  it.each([
    ['zeros', Buffer.alloc(64)],
    ['garbage', Buffer.from('ffffff7f00112233445566778899', 'hex')],
    ['a short header', Buffer.from([9, 0])],
    ['a wrong checksum', Buffer.from('0200000000000000abcd', 'hex')],
  ])('ignores %s at its end', async (_, tail) => {
    const file = await written();
    await appendFile(file, tail);
    const [found] = await reopened(file);
    expect(found).toEqual(changes);
  });
});

async function written(): Promise<string> {
  const file = path.join(await createDirectory(), 'journal');
  const journal = await openJournal(file, async () => {});
  for (const change of changes) await journal.append(change);
  await journal.close();
  return file;
}

async function reopened(file: string, ...more: readonly Change[]): Promise<[Change[]]> {
  const found: Change[] = [];
  const journal = await openJournal(file, async (change) => {
    found.push(change);
  });
  for (const change of more) await journal.append(change);
  await journal.close();
  return [found];
}
