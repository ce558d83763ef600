import { parseArgs } from 'node:util';
import { ok } from '../core/result.ts';
import { runCommand, wrongArgument } from './command.ts';
import { evaluateRecallCommand, recallHelp } from './evaluate-recall-command.ts';

const help = `Measures how good the answers are.

  npm run evaluate -- recall --vectors V.npy --queries Q.npy [options]
  npm run evaluate -- recall --help

  recall   which share of the nearest vectors an index finds, and how fast
`;

await runCommand(async (args) => {
  const [command, ...rest] = args;
  if (command === 'recall') {
    return evaluateRecallCommand(rest);
  }
  const { values } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean', default: false } },
  });
  if (!values.help) return wrongArgument('it must be recall (see --help)');
  process.stdout.write(`${help}\n${recallHelp}`);
  return ok(0);
});
