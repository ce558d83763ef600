import { createInterface } from 'node:readline/promises';
import { text as readAll } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { type Failure } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import { wrongArgument } from './command.ts';

/** Asks a person at a terminal; no is the answer of whoever says nothing. */
export async function askYes(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

/** A value from the standard input: typed without being shown, or piped. One line, never empty. */
export async function readSecretValue(name: string): Promise<Result<string, Failure>> {
  const text = process.stdin.isTTY ? await typeUnseen(`${name}: `) : await readAll(process.stdin);
  const value = text.trim();
  if (value === '') return wrongArgument('there is no value on the standard input');
  if (/\s/.test(value)) return wrongArgument('the value has spaces or several lines');
  return ok(value);
}

async function typeUnseen(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
