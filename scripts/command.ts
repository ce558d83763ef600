import { existsSync } from 'node:fs';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';

/** Runs a command to its exit code. Wrong options and expected failures are one sentence each. */
export async function runCommand(main: (args: string[]) => Async<number>): Promise<void> {
  try {
    if (existsSync('.env')) process.loadEnvFile('.env');
    const result = await main(process.argv.slice(2));
    if (result.ok) process.exitCode = result.value;
    else fail(result.error.detail);
  } catch (error) {
    if (!isArgumentError(error)) throw error;
    fail(`${error.message} (--help shows the options)`);
  }
}

/** A whole number from an option, or a sentence that names the option. */
export function parseCount(
  name: string,
  value: string,
  { min, max }: { readonly min: number; readonly max: number },
): Result<number, Failure> {
  const number = Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return ok(number);
  return wrongArgument(`--${name} must be a whole number from ${min} to ${max}: ${value}`);
}

export function wrongArgument(why: string): Result<never, Failure> {
  return err(failure('invalid_field', `Cannot run as ${why}`));
}

function fail(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}

function isArgumentError(error: unknown): error is Error {
  return (
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  );
}
