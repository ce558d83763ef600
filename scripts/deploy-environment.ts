import { type Settings, environments } from '../cdk/settings.ts';
import type { Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import { wrongArgument } from './command.ts';

/** What `-c env=…` chooses, and all the arguments as they were: cdk takes them too. */
export function settingsFrom(args: readonly string[]): Result<Settings, Failure> {
  const names = new Set(contextsOf(args, 'env'));
  // cdk takes the last one; what is meant for one environment must not reach another by a slip.
  if (names.size > 1) return wrongArgument(`-c env=… must be given once: ${[...names].join(', ')}`);
  const [name] = names;
  const settings = name === undefined ? undefined : environments[name];
  if (settings !== undefined) return ok(settings);
  const known = Object.keys(environments).join(' | ');
  return wrongArgument(`-c env=… must be one of ${known}: ${name ?? 'none'}`);
}

/** Every value of `-c name=value`, in the four ways in which cdk takes it. */
function contextsOf(args: readonly string[], name: string): string[] {
  const values = args.flatMap((arg, place) => {
    if (arg === '-c' || arg === '--context') return args[place + 1] ?? [];
    return /^(?:-c|--context=)(.+)$/s.exec(arg)?.[1] ?? [];
  });
  const own = values.filter((value) => value.startsWith(`${name}=`));
  return own.map((value) => value.slice(name.length + 1));
}

/** The arguments without `-c env=…`: what is left for a parser of one's own. */
export function withoutContext(args: readonly string[]): string[] {
  return args.filter((arg, place) => {
    const before = args[place - 1];
    if (before === '-c' || before === '--context') return false;
    return !/^(-c|--context)/.test(arg);
  });
}

/** The name of a secret of an environment. */
export function secretName({ environment }: Pick<Settings, 'environment'>, name: string): string {
  return `picture-search/${environment}/${name}`;
}

/** Secrets that must be there before the stacks are. */
export function secretsNeeded({ llm, qdrant }: Pick<Settings, 'llm' | 'qdrant'>): string[] {
  const asksModel = llm.explanations || llm.reranking;
  return [
    'api-keys',
    'benchmark-key',
    ...(asksModel ? ['openai-api-key'] : []),
    // The stack makes that of a Qdrant of its own.
    ...(qdrant.kind === 'outside' ? ['qdrant-api-key'] : []),
  ];
}
