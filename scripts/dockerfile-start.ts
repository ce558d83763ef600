import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { all, execForm, last } from '../test/support/dockerfile.ts';
import type { BuiltStage } from './dockerfile-build.ts';
import { runInside, startInside } from './dockerfile-sandbox.ts';

export interface Started {
  /** From the start of the process until the health check was content. */
  readonly healthyAfterMs: number;
  /** After SIGTERM. */
  readonly exitCode: number | null;
  readonly printed: string;
}

const patienceMs = 180_000;

/**
 * Starts the image as ECS would: its own command, user and variables, all read-only but its volumes;
 * asks its health check until it is content; ends it by SIGTERM. `invalid_field` where it ends before, or
 * takes too long: what it printed is in the failure.
 */
export async function startImage(
  image: BuiltStage,
  env: Readonly<Record<string, string>>,
): Async<Started> {
  const sandbox = { ...image, env: { ...image.env, ...env } };
  const user = last(image, 'USER') || undefined;
  const inside = { user, writable: all(image, 'VOLUME') };
  const [, check = ''] = /CMD (.*)$/.exec(last(image, 'HEALTHCHECK')) ?? [];
  const startedAt = performance.now();
  const child = await startInside(sandbox, execForm(last(image, 'CMD')), inside);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const closed = once(child, 'close');
  while ((await runInside(sandbox, execForm(check), inside)).code !== 0) {
    const late = performance.now() - startedAt > patienceMs;
    if (late || child.exitCode !== null) {
      child.kill('SIGKILL');
      return err(failure('invalid_field', `Cannot run as the image is not healthy: ${printed}`));
    }
    await pause(200);
  }
  const healthyAfterMs = performance.now() - startedAt;
  process.kill(await childOf(child.pid), 'SIGTERM');
  const [exitCode] = (await closed) as [number | null];
  return ok({ healthyAfterMs, exitCode, printed });
}

/** `unshare` waits for process 1 of the world that it made. */
async function childOf(pid: number | undefined): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return Number(children.trim().split(' ')[0]);
}
