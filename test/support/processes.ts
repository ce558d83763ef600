import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export interface Finished {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningScript {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** What was printed so far, to both streams. */
  output(): string;
  /** Resolves when the output has this in it; fails when the script ends without. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts a script of `scripts/` as a person would, without the settings of this process. */
export function startScript(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningScript {
  return startProcess(`scripts/${name}.ts`, args, env);
}

/** Starts a TypeScript file, named from the root of the project, with these settings alone. */
export function startProcess(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningScript {
  const { PATH = '' } = process.env;
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, file), ...args],
    { cwd: root, env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const printed = { stdout: '', stderr: '', all: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text;
      printed.all += text;
    });
  }
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (code) => resolve({ code, ...printed }));
  });
  return {
    process: child,
    finished,
    output: () => printed.all,
    waitFor: (pattern) => waitForOutput(child, () => printed.all, pattern),
  };
}

export function runScript(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return startScript(name, args, env).finished;
}

function waitForOutput(
  child: ChildProcess,
  output: () => string,
  pattern: RegExp,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = pattern.exec(output());
      if (found !== null) resolve(found);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', () => reject(new Error(`It ended without ${pattern}:\n${output()}`)));
    look();
  });
}
