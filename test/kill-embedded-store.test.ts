import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createWorlds } from './support/possible-worlds.ts';
import {
  type WriterAction,
  writerActions,
  type WriterStep,
} from './support/embedded-store-writer.ts';
import { seededRandom } from './support/random.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

/** Of each action a fifth. `KILLS=500` takes its time. */
const kills = Number(process.env['KILLS'] ?? 50);
const createDirectory = useTemporaryDirectories();
const script = path.join(import.meta.dirname, 'support', 'embedded-store-writer.ts');

describe('An embedded store whose process is killed', () => {
  it(
    'opens again, has lost nothing that was acknowledged, and is never half of two',
    {
      timeout: 60_000 + kills * 10_000,
    },
    async () => {
      const directory = await createDirectory();
      const random = seededRandom(5);
      const worlds = createWorlds();
      const usualMs = new Map<WriterAction, number>();
      const cutOff = new Map<string, number>();
      for (let kill = 1; kill <= kills; kill += 1) {
        const aim = writerActions[kill % writerActions.length] ?? 'upsert';
        // Also a while after it, when others are going on.
        const delayMs = random() * 1.3 * (usualMs.get(aim) ?? 200);
        const { steps, lastedMs } = await killedAfter(directory, `${kill}`, aim, delayMs);
        const wrong = worlds.follow(steps);
        expect(wrong, `after kill ${kill}, at ${steps.at(-1)?.step}`).toBeUndefined();
        const last = steps.at(-1)?.step ?? '';
        cutOff.set(last, (cutOff.get(last) ?? 0) + 1);
        if (lastedMs !== undefined) usualMs.set(aim, lastedMs);
        else usualMs.set(aim, (usualMs.get(aim) ?? 200) * 1.1);
      }
      process.stdout.write(`Cut off: ${JSON.stringify(Object.fromEntries(cutOff))}\n`);
      const { steps } = await killedAfter(directory, '0', 'found', 0);
      expect(worlds.follow(steps)).toBeUndefined();
      expect(worlds.size()).toBeGreaterThan(100);
      for (const action of writerActions) expect([...cutOff.keys()]).toContain(action);
    },
  );

  it('opens again when it was killed while the index was being created', async () => {
    const random = seededRandom(6);
    for (let kill = 1; kill <= 5; kill += 1) {
      const directory = await createDirectory();
      const { steps } = await killedAfter(directory, `${kill}`, 'opening', random() * 300);
      expect(steps[0]).toEqual({ step: 'opening' });
      const { steps: again } = await killedAfter(directory, `${kill}`, 'found', 0);
      expect(again.map(({ step }) => step)).toContain('found');
    }
  }, 60_000);
});

/** Everything that the writer said until it was killed, some time after it first said `aim`. */
async function killedAfter(
  directory: string,
  seed: string,
  aim: WriterAction | 'opening' | 'found',
  delayMs: number,
): Promise<{ readonly steps: WriterStep[]; readonly lastedMs: number | undefined }> {
  const writer: ChildProcess = spawn(process.execPath, [script, directory, seed, aim], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  });
  const steps: WriterStep[] = [];
  let [begun, lastedMs]: [number | undefined, number | undefined] = [undefined, undefined];
  for await (const line of createInterface({ input: writer.stdout ?? process.stdin })) {
    const step: WriterStep = JSON.parse(line);
    if (begun !== undefined && step.step === 'done') lastedMs ??= performance.now() - begun;
    steps.push(step);
    if (step.step !== aim || begun !== undefined) continue;
    begun = performance.now();
    void setTimeout(delayMs).then(() => writer.kill('SIGKILL'));
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit');
  expect(writer.signalCode).toBe('SIGKILL');
  return { steps, lastedMs };
}
