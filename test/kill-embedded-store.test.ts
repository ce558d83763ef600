import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createEmbeddedStore } from '../adapters/embedded-store.ts';
import { type WriterStep, writerModel } from './support/embedded-store-writer.ts';
import { expectOk } from './support/expect-ok.ts';
import { randomVector } from './support/points.ts';
import { seededRandom } from './support/random.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const kills = 10;
const createDirectory = useTemporaryDirectories();
const script = path.join(import.meta.dirname, 'support', 'embedded-store-writer.ts');

describe('An embedded store whose process is killed', () => {
  it('loses nothing that was acknowledged, and opens again', async () => {
    const directory = await createDirectory();
    const random = seededRandom(5);
    const versions = new Map<string, ReadonlySet<number | undefined>>();
    for (let kill = 1; kill <= kills; kill++) {
      const steps = await killedAfter(directory, kill, 'open', 20 + random() * 400);
      expect(steps.length).toBeGreaterThan(1);
      follow(versions, steps);
      await expectVersions(directory, versions);
    }
    expect(versions.size).toBeGreaterThan(100);
  });

  it('opens again when it was killed while the index was being created', async () => {
    const random = seededRandom(6);
    for (let kill = 1; kill <= 5; kill++) {
      const directory = await createDirectory();
      const steps = await killedAfter(directory, kill, 'opening', random() * 120);
      expect(steps[0]).toEqual({ step: 'opening' });
      await expectVersions(directory, undefined);
    }
  });
});

/** Everything that the writer said until it was killed, some time after it said `from`. */
async function killedAfter(
  directory: string,
  seed: number,
  from: WriterStep['step'],
  delayMs: number,
): Promise<WriterStep[]> {
  const writer: ChildProcess = spawn(process.execPath, [script, directory, `${seed}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const steps: WriterStep[] = [];
  for await (const line of createInterface({ input: writer.stdout ?? process.stdin })) {
    const step: WriterStep = JSON.parse(line);
    steps.push(step);
    if (step.step === from) void setTimeout(delayMs).then(() => writer.kill('SIGKILL'));
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
  expect(writer.signalCode).toBe('SIGKILL');
  return steps;
}

/** Which versions each id may have: after a step that was cut off, the old or the new one. */
function follow(
  versions: Map<string, ReadonlySet<number | undefined>>,
  steps: readonly WriterStep[],
): void {
  for (const [index, step] of steps.entries()) {
    if (step.step !== 'upsert' && step.step !== 'remove') continue;
    const version = step.step === 'upsert' ? step.version : undefined;
    const done = steps[index + 1]?.step === 'done';
    for (const id of step.ids) {
      const before = versions.get(id) ?? [undefined];
      versions.set(id, new Set(done ? [version] : [...before, version]));
    }
  }
}

async function expectVersions(
  directory: string,
  versions: Map<string, ReadonlySet<number | undefined>> | undefined,
): Promise<void> {
  const store = expectOk(
    await createEmbeddedStore({ directory, collection: 'images', model: writerModel }),
  );
  const found = new Map<string, number>();
  for await (const page of store.scan()) {
    for (const { id, metadata } of expectOk(page)) {
      expect(found.has(id)).toBe(false);
      found.set(id, metadata.width);
    }
  }
  for (const [id, allowed] of versions ?? []) {
    expect([...allowed], `picture ${id}`).toContain(found.get(id));
  }
  expect(expectOk(await store.count())).toBe(found.size);
  const query = { vector: randomVector(Math.random, writerModel.dimensions), limit: 1_000 };
  expect(expectOk(await store.query(query))).toHaveLength(found.size);
  await store.close();
  // What the check has learned is all that can be from now on.
  for (const id of versions?.keys() ?? []) versions?.set(id, new Set([found.get(id)]));
}
