import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import { wrongArgument } from './command.ts';

const run = promisify(execFile);

/**
 * `cdk` passes over options that it does not know, so a slip in one of ours (`--chek`) would deploy. Asks
 * `cdk deploy` for its own; where that says nothing, nothing is refused.
 */
export async function checkOptions(
  args: readonly string[],
  own: readonly string[],
): Promise<Result<void, Failure>> {
  const given = args.filter((arg) => /^--./.test(arg)).map((arg) => arg.split('=', 1)[0] ?? arg);
  if (given.every((name) => own.includes(name) || name === '--context')) return ok(undefined);
  const help = await run('cdk', ['deploy', '--help']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const known = new Set([...own, ...(help.match(/--[a-z][\w-]*/gi) ?? [])]);
  if (!known.has('--all')) return ok(undefined);
  const positive = (name: string) => name.replace(/^--no-/, '--');
  const wrong = given.find((name) => !known.has(name) && !known.has(positive(name)));
  if (wrong === undefined) return ok(undefined);
  return wrongArgument(`neither this command nor cdk deploy has the option (see --help): ${wrong}`);
}
