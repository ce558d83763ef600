import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readStages, root, type Stage, stageOf } from '../test/support/dockerfile.ts';
import { isKnownBase, isLambdaBase, makeBase, searchPath } from './dockerfile-bases.ts';
import type { Sandbox } from './dockerfile-sandbox.ts';
import { fillArguments, followInstruction, type Progress } from './dockerfile-steps.ts';

export interface Replay {
  readonly file: string;
  /** Folders for the stages are made in it. */
  readonly scratch: string;
  readonly args: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
}

/** What came of a stage, and of those it is made from. */
export interface BuiltStage extends Sandbox, Stage {
  /** Instructions that this machine can't follow. */
  readonly skipped: readonly string[];
}

const run = promisify(execFile);

/**
 * Follows a Dockerfile up to its last stage, with the stages that it needs and no other, as BuildKit
 * does. Base images are this machine's own programs with its own Node; what none of them has (CUDA,
 * downloads) is left out and named. Throws where a step fails.
 */
export async function replayBuild(replay: Replay): Promise<BuiltStage> {
  const stages = readStages(replay.file);
  const text = await readFile(join(root, replay.file), 'utf8');
  const [before = ''] = text.split(/^FROM /m);
  const globals = Object.fromEntries(
    [...before.matchAll(/^ARG (\w+)(?:=(.*))?$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
  const args = { ...globals, ...replay.args };
  const last = stages.at(-1);
  if (last === undefined) throw new Error(`There is no stage in ${replay.file}`);
  const built = new Map<string, Promise<BuiltStage>>();
  const build = (stage: Stage): Promise<BuiltStage> => {
    const known = built.get(stage.name) ?? buildStage(stage, { ...replay, args, other });
    built.set(stage.name, known);
    return known;
  };
  const other = (name: string) => build(stageOf(stages, name));
  return build(last);
}

type Others = (name: string) => Promise<BuiltStage>;

async function buildStage(stage: Stage, step: Replay & { other: Others }): Promise<BuiltStage> {
  const { args, say } = step;
  const base = fillArguments(stage.base, args);
  const from = /[:/]/.test(base) ? undefined : await step.other(base);
  const directory = join(step.scratch, stage.name);
  say(`${stage.name}: from ${base}`);
  if (from === undefined) await makeBase(base, directory);
  else await run('cp', ['-al', from.directory, directory]);
  const progress: Progress = {
    directory,
    env: { PATH: searchPath, ...from?.env },
    cwd: from?.cwd ?? (isLambdaBase(base) ? '/var/task' : '/'),
    args: {},
    skipped: [...(from?.skipped ?? [])],
  };
  const followed = from !== undefined || isKnownBase(base);
  if (!followed) progress.skipped.push(`FROM ${base}`);
  for (const instruction of stage.instructions) {
    const { name, words } = instruction;
    say(`${stage.name}: ${name} ${words.length > 90 ? `${words.slice(0, 90)}…` : words}`);
    await followInstruction(instruction, progress, { args, other: step.other, runs: followed });
  }
  const { env, cwd, skipped } = progress;
  const instructions = [...(from?.instructions ?? []), ...stage.instructions];
  return { name: stage.name, base, directory, env, cwd, instructions, skipped };
}
