import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { Settings } from '../cdk/settings.ts';
import { parseJson } from '../http/read-body.ts';

/**
 * What `cdk` is called with. By hand it asks before it broadens who may do what; that needs one stack
 * at a time. Where nobody sits before it, it asks nothing, and the review before was of `cdk diff`.
 */
export function cdkArguments(
  given: readonly string[],
  { outputs, isAttended }: { readonly outputs: string; readonly isAttended: boolean },
): string[] {
  const has = (name: string) => given.some((arg) => arg === name || arg.startsWith(`${name}=`));
  const usual: readonly (readonly [string, string])[] = [
    ['--require-approval', isAttended ? 'broadening' : 'never'],
    ['--concurrency', isAttended ? '1' : '4'],
    ['--progress', 'events'],
    ...(outputsFile(given, '') === '' ? ([['--outputs-file', outputs]] as const) : []),
  ];
  return [
    'deploy',
    ...(namesStacks(given) || has('--all') ? [] : ['--all']),
    ...given,
    ...usual.flatMap(([name, value]) => (has(name) ? [] : [name, value])),
    // Without it cdk skips a stack whose text is the same, though what it reads of an earlier one has changed.
    ...(has('-f') ? [] : ['--force']),
  ];
}

/** The file that `cdk` writes the outputs of the stacks into. */
export function outputsFile(given: readonly string[], otherwise: string): string {
  const place = given.findLastIndex((arg) => /^(--outputs-file|-O)(=|$)/.test(arg));
  if (place === -1) return otherwise;
  return given[place]?.split('=', 2)[1] ?? given[place + 1] ?? otherwise;
}

/** A stack is named by an argument that is neither an option nor the value of one. */
function namesStacks(given: readonly string[]): boolean {
  return given.some((arg) => arg.startsWith('picture-search-'));
}

/**
 * Runs `cdk` of this project to its end: its exit code, or 130 for one that a signal ended. Ctrl-C is
 * for `cdk`, which hears of it too.
 */
export function runCdk(args: readonly string[], directory: string): Promise<number> {
  const wait = () => undefined;
  process.on('SIGINT', wait);
  return new Promise<number>((resolve, reject) => {
    const child = spawn('cdk', args, { cwd: directory, stdio: 'inherit' });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 130));
  }).finally(() => process.off('SIGINT', wait));
}

const Outputs = z.record(z.string(), z.record(z.string(), z.string()));

/** The address of the system, out of what `cdk` wrote; undefined where it wrote none. */
export async function readUrl(
  file: string,
  { environment }: Pick<Settings, 'environment'>,
): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const json = parseJson(text);
  const outputs = Outputs.safeParse(json.ok ? json.value : {});
  const front = outputs.data?.[`picture-search-${environment}-front`] ?? {};
  const addresses = Object.entries(front).filter(([, value]) => /^https:\/\/[^/]+$/.test(value));
  const [, url] = addresses.find(([name]) => name === 'Url') ?? addresses[0] ?? [];
  return url;
}
