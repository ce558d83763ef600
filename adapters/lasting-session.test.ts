import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { logOfColour } from '../test/support/small-model.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { openLastingSession } from './lasting-session.ts';
import type { OnnxSession } from './onnx-session.ts';

describe('openLastingSession', () => {
  const temporaryDirectory = useTemporaryDirectories();

  /** A session, and how often its thread has died. */
  async function open() {
    const file = path.join(await temporaryDirectory(), 'graph.onnx');
    await writeFile(file, logOfColour('batch', 2));
    const threads: Worker[] = [];
    const remember = (worker: Worker) => void threads.push(worker);
    process.on('worker', remember);
    let deaths = 0;
    const onEnded = () => void (deaths += 1);
    const session = expectOk(await openLastingSession({ path: file, options: {}, onEnded }));
    onTestFinished(async () => {
      process.off('worker', remember);
      await session.close();
    });
    const kill = async () => void (await threads.at(-1)?.terminate());
    return { session, kill, file, deaths: () => deaths };
  }

  const run = (session: OnnxSession, signal?: AbortSignal) => {
    const data = new Float32Array(12).fill(Math.E);
    const feed = { name: 'pixels', type: 'float32', data, shape: [1, 3, 2, 2] } as const;
    return session.run([feed], 'embeds', signal);
  };

  it('fails the run that finds its thread dead, and answers the next', async () => {
    const { session, kill, deaths } = await open();
    expectOk(await run(session));
    for (const times of [1, 2]) {
      await kill();
      expect(expectFailure(await run(session)).code).toBe('encoder_unavailable');
      expect(expectOk(await run(session)).data[0]).toBeCloseTo(1, 5);
      expect(deaths()).toBe(times);
    }
  });

  it('keeps nobody waiting beyond a deadline while it is opened again', async () => {
    const { session, kill } = await open();
    await kill();
    expectFailure(await run(session));
    const late = run(session, AbortSignal.timeout(1));
    const patient = run(session);
    expect(expectFailure(await late).code).toBe('timeout');
    expectOk(await patient);
  });

  it('tries again when it could not be opened', async () => {
    const { session, kill, file } = await open();
    await kill();
    await writeFile(file, 'not a graph');
    expectFailure(await run(session));
    expect(expectFailure(await run(session)).code).toBe('encoder_unavailable');
    await writeFile(file, logOfColour('batch', 2));
    await expect.poll(async () => (await run(session)).ok).toBe(true);
  });

  it('stays closed', async () => {
    const { session, kill } = await open();
    await kill();
    expectFailure(await run(session));
    await session.close();
    expect(expectFailure(await run(session)).code).toBe('encoder_unavailable');
  });
});
