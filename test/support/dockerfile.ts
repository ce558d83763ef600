import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';

// No image can be built where the tests run. What a Dockerfile takes for granted can be read off it.

export const root = join(import.meta.dirname, '../..');

export interface Instruction {
  readonly name: string;
  readonly words: string;
}

export interface Stage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

/** Continued lines are joined by one space; comments, and what stands before the first stage, are left out. */
export function readStages(path: string): Stage[] {
  const lines = readText(path)
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const instructions = lines.map((line) => {
    const [, name = '', words = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return { name, words };
  });
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  return starts.map((start, index) => {
    const [, base = '', name = ''] =
      /^(\S+) AS (\S+)$/.exec(instructions[start]?.words ?? '') ?? [];
    return { name, base, instructions: instructions.slice(start + 1, starts[index + 1]) };
  });
}

export function stageOf(stages: readonly Stage[], name: string): Stage {
  const found = stages.find((each) => each.name === name);
  if (found === undefined) throw new Error(`The Dockerfile has no stage ${name}`);
  return found;
}

/** What follows the name in every instruction of that name. */
export function all({ instructions }: Stage, name: string): string[] {
  return instructions.filter((each) => each.name === name).map((each) => each.words);
}

export function last(from: Stage, name: string): string {
  return all(from, name).at(-1) ?? '';
}

export function execForm(text: string): string[] {
  return z.array(z.string()).parse(JSON.parse(text));
}

export function environment(from: Stage): Record<string, string> {
  const pairs = all(from, 'ENV').flatMap((line) => line.split(' '));
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]));
}

export interface Copy {
  readonly source: string;
  readonly target: string;
  readonly from: string | undefined;
}

export function copies(of: Stage): Copy[] {
  return all(of, 'COPY').flatMap((line) => {
    const words = line.split(' ');
    const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
    const paths = words.filter((word) => !word.startsWith('--'));
    const target = paths.at(-1) ?? '';
    return paths.slice(0, -1).map((source) => ({ source, target, from }));
  });
}

/** A file and all that it imports or starts as a thread, and what these import, and so on. */
export function filesReachedFrom(...starts: readonly string[]): string[] {
  const reached = new Set(starts);
  for (const file of reached) {
    for (const name of importsOf(file)) {
      if (name.startsWith('.')) reached.add(join(dirname(file), name).replaceAll('\\', '/'));
    }
  }
  return [...reached];
}

/** Names of packages that these files import. */
export function packagesOf(files: readonly string[]): string[] {
  return files
    .flatMap(importsOf)
    .filter((name) => /^[a-z@]/.test(name) && !name.startsWith('node:'))
    .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name);
}

/** Data files, and folders of them, import nothing. */
function importsOf(file: string): string[] {
  if (!file.endsWith('.ts')) return [];
  const source = readText(file);
  const imports = source.matchAll(/(?:import|export)\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?'([^']+)'/g);
  const lazy = source.matchAll(/\bimport\('([^']+)'\)/g);
  const urls = source.matchAll(/new URL\('([^']+)', import\.meta\.url\)/g);
  return [...imports, ...lazy, ...urls].map(([, name]) => name ?? '');
}

export function isWithin(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`);
}

/** A file of the project. */
export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
