import { parseArgs } from 'node:util';
import { ok } from '../core/result.ts';
import { runCommand, wrongArgument } from './command.ts';
import { calibrateCommand } from './calibrate-command.ts';
import { calibrateHelp } from './calibrate-options.ts';
import { evaluateQueriesCommand } from './evaluate-queries-command.ts';
import { queriesHelp } from './evaluate-queries-options.ts';
import { evaluateRecallCommand, recallHelp } from './evaluate-recall-command.ts';

const help = `Measures how good the answers are.

  npm run evaluate -- recall --vectors V.npy --queries Q.npy [options]
  npm run evaluate -- queries [options]
  npm run evaluate -- calibrate [options]
  npm run evaluate -- <command> --help

  recall      which share of the nearest vectors an index finds, and how fast
  queries     what exclude, like, diversity and score_threshold auto do, on labelled pictures
  calibrate   how sure a score is: makes confidence of the cosines of a model
`;

const commands = new Map([
  ['recall', evaluateRecallCommand],
  ['queries', evaluateQueriesCommand],
  ['calibrate', calibrateCommand],
]);

await runCommand(async (args) => {
  const [name = '', ...rest] = args;
  const command = commands.get(name);
  if (command) return command(rest);
  const { values } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean', default: false } },
  });
  if (!values.help) {
    return wrongArgument(
      `the command must be recall, queries or calibrate (see --help): ${name || 'none'}`,
    );
  }
  process.stdout.write(`${[help, recallHelp, queriesHelp, calibrateHelp].join('\n')}`);
  return ok(0);
});
