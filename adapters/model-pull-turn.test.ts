import { existsSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ok } from '../core/result.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { withTurn } from './model-pull-turn.ts';

const newDirectory = useTemporaryDirectories();
const newPath = async () => join(await newDirectory(), 'below/turn');

describe('taking turns', () => {
  it('lets one work at a time, and all of them in the end', async () => {
    const path = await newPath();
    let working = 0;
    let most = 0;
    const work = async (name: number) => {
      working += 1;
      most = Math.max(most, working);
      await wait(5);
      working -= 1;
      return ok(name);
    };
    const all = [1, 2, 3, 4].map((name) => withTurn(path, () => work(name), { staleMs: 2000 }));
    expect((await Promise.all(all)).map(expectOk)).toEqual([1, 2, 3, 4]);
    expect(most).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  it('does not take work that lasts longer than the limit for dead', async () => {
    const path = await newPath();
    const order: string[] = [];
    const first = withTurn(
      path,
      async () => {
        await wait(600);
        order.push('first');
        return ok(undefined);
      },
      { staleMs: 200 },
    );
    await expect.poll(() => existsSync(path)).toBe(true);
    const onWait = () => order.push('waiting');
    await withTurn(path, async () => ok(order.push('second')), { staleMs: 200, onWait });
    await first;
    expect(order).toEqual(['waiting', 'first', 'second']);
  });

  it('ends the turn of work that failed', async () => {
    const path = await newPath();
    const broken = withTurn(path, () => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
    expect(expectOk(await withTurn(path, async () => ok('next')))).toBe('next');
  });

  it('is not kept up by a process that has the same id as the one that was killed', async () => {
    const path = join(await newDirectory(), 'turn');
    await writeFile(path, `${process.pid} from before the container was started again`);
    const before = new Date(Date.now() - 60_000);
    await utimes(path, before, before);
    expect(expectOk(await withTurn(path, async () => ok('taken')))).toBe('taken');
  });

  it('stops waiting when it is cancelled', async () => {
    const path = join(await newDirectory(), 'turn');
    await writeFile(path, `${process.pid} at work`);
    const signal = AbortSignal.timeout(100);
    const never = withTurn(path, async () => ok('taken'), { signal });
    expect(expectFailure(await never).code).toBe('timeout');
    expect(existsSync(path)).toBe(true);
  });
});
