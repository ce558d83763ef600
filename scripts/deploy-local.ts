import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Settings } from '../cdk/settings.ts';
import { type Check, found, missing } from './deploy-finding.ts';

const run = promisify(execFile);
const programTimeoutMs = 20_000;

/** Whether somebody hears of alarms. */
export function checkAlarmEmail({ alarmEmail, environment }: Settings): Check {
  const what = 'Mail of alarms';
  return async () => {
    if (!/@(.+\.)?example\.(com|net|org)$|\.(example|invalid|test)$/i.test(alarmEmail)) {
      return [found(what, alarmEmail)];
    }
    const todo = `Set alarmEmail of ${environment} in cdk/settings.ts.`;
    return [missing(what, `nobody reads ${alarmEmail}`, todo)];
  };
}

/** Whether images can be built; `CDK_DOCKER` is another program that does what docker does. */
export function checkDocker(program = 'docker'): Check {
  const what = 'Docker';
  const todo = `Start the Docker engine, so that \`${program} version\` shows a server.`;
  return async (signal) => {
    try {
      const args = ['version', '--format', '{{.Server.Version}}'];
      const { stdout } = await run(program, args, { signal, timeout: programTimeoutMs });
      return [found(what, `version ${stdout.trim()}`)];
    } catch (error) {
      const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      const says = absent ? `there is no program ${program}` : 'the engine does not answer';
      return [missing(what, says, todo)];
    }
  };
}

/** Whether what is deployed to people is something that can be found again. */
export function checkGit({ environment }: Settings, directory: string): Check {
  const what = 'Working tree';
  return async (signal) => {
    if (environment !== 'prod') return [];
    try {
      const options = { signal, timeout: programTimeoutMs, cwd: directory };
      const { stdout } = await run('git', ['status', '--porcelain'], options);
      if (stdout === '') return [found(what, 'clean')];
      const changed = stdout.trimEnd().split('\n').length;
      const says = `${changed} ${changed === 1 ? 'file is' : 'files are'} not committed`;
      return [missing(what, says, 'Commit or stash: prod gets only what is in the history.')];
    } catch {
      return [missing(what, 'git does not say', 'Deploy to prod from a clone of the repository.')];
    }
  };
}
