import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import * as z from 'zod';

/** Shows by a profile of a session's first run which execution provider ran it. */
export interface RunProof {
  /** What the session must be created with. */
  readonly options: InferenceSession.SessionOptions;
  /** Throws after the first run unless the provider ran most of its matrix operators. */
  check(session: InferenceSession): void;
  /** Removes the profile, also where there was no run. */
  discard(): void;
}

const Profile = z.array(
  z.object({
    args: z.object({ provider: z.string(), op_name: z.string() }).partial().optional(),
  }),
);

/** Shapes are worked out on the CPU wherever the work itself is done. */
const matrixOperators = /MatMul|Gemm|Conv|Attention/;

export function createRunProof(mustRunOn: string): RunProof {
  const directory = mkdtempSync(join(tmpdir(), 'onnx-profile-'));
  let checked = false;
  const discard = (): void => rmSync(directory, { recursive: true, force: true });
  return {
    options: { enableProfiling: true, profileFilePrefix: join(directory, 'run') },
    discard,
    check(session) {
      if (checked) return;
      checked = true;
      session.endProfiling();
      const counts = countByProvider(directory);
      discard();
      const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
      if ((counts.get(mustRunOn) ?? 0) * 2 > all) return;
      const ran = [...counts].map(([provider, count]) => `${provider} ${count}`).join(', ');
      throw new Error(
        `the graph does not run on ${mustRunOn}; its matrix operators ran on: ${ran}`,
      );
    },
  };
}

function countByProvider(directory: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const file of readdirSync(directory)) {
    const events = Profile.parse(JSON.parse(readFileSync(join(directory, file), 'utf8')));
    for (const { args } of events) {
      if (args?.provider === undefined || !matrixOperators.test(args.op_name ?? '')) continue;
      counts.set(args.provider, (counts.get(args.provider) ?? 0) + 1);
    }
  }
  return counts;
}
