import { parseArgs } from 'node:util';
import { precisions as allPrecisions } from '../adapters/model-directory.ts';
import { formatBytes } from '../adapters/model-pull-disk.ts';
import { findModel, precisionsOf } from '../adapters/model-pull-ensure.ts';
import { directoryOf, isComplete, readInstalled } from '../adapters/model-pull-state.ts';
import { verifyModel } from '../adapters/model-pull-verify.ts';
import type { RegisteredModel } from '../adapters/model-registry.ts';
import { parseEnv } from '../core/env.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { runCommand, wrongArgument } from './command.ts';
import { ModelSettings } from './model-settings.ts';
import { listModels } from './models-list.ts';
import { pullWithProgress } from './pull-model.ts';

const help = `The models that pictures and texts can be encoded with.

  npm run models -- list          all of them, and which are here
  npm run models -- pull <id>     bring one; the same command goes on after an interruption
  npm run models -- verify <id>   read every file of one and compare its hash

  --precision fp16|int8  pull: this number format too, where the model has it; may be repeated
  --help                 this text

Models are kept in DATA_DIR/models (.data/models). HF_ENDPOINT is the hub or a mirror of it
(https://huggingface.co), HF_TOKEN a token for repositories that ask for one, MODELS_LOCK the file
that says which commit and hashes a model has (models/lock.json).
`;

await runCommand(async (args) => {
  const { values, positionals } = readArguments(args);
  const [command, id, ...rest] = positionals;
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const settings = parseEnv(ModelSettings, process.env);
  if (!settings.ok) return settings;
  if (command === 'list' && id === undefined) {
    process.stdout.write(await listModels(settings.value));
    return ok(0);
  }
  if ((command !== 'pull' && command !== 'verify') || id === undefined || rest.length > 0) {
    return wrongArgument('it must be one of list, pull <id>, verify <id> (see --help)');
  }
  const model = findModel(id);
  if (!model.ok) return model;
  return command === 'pull'
    ? pull(model.value, values.precision, settings.value)
    : verify(model.value, settings.value);
});

function readArguments(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      precision: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
}

async function pull(
  model: RegisteredModel,
  wanted: readonly string[],
  settings: ModelSettings,
): Async<number> {
  const { id } = model;
  if ('directory' in model.from) {
    process.stdout.write(`${id} is built in; there is nothing to pull.\n`);
    return ok(0);
  }
  const has = ['fp32', ...precisionsOf(model)];
  const unknown = wanted.find((precision) => !has.includes(precision));
  if (unknown !== undefined) {
    return wrongArgument(`--precision must be one of ${has.join(', ')} for ${id}: ${unknown}`);
  }
  const precisions = allPrecisions.filter((precision) => wanted.includes(precision));
  const installed = await readInstalled(directoryOf(settings.DATA_DIR, id));
  const asked = precisionsOf(model).filter((precision) => precisions.includes(precision));
  const there = installed !== undefined && isComplete(installed, asked);
  const interruption = new AbortController();
  process.once('SIGINT', () => interruption.abort());
  const { signal } = interruption;
  const directory = await pullWithProgress({ id, precisions, signal }, settings);
  if (signal.aborted) {
    process.stderr.write('Stopped; the same command goes on.\n');
    return ok(130);
  }
  if (!directory.ok) return directory;
  const what = there ? 'is there already' : 'is ready';
  process.stdout.write(`${id} ${what}: ${directory.value}\n`);
  return ok(0);
}

async function verify(model: RegisteredModel, settings: ModelSettings): Async<number> {
  const { DATA_DIR: dataDir, MODELS_LOCK: lockPath } = settings;
  const verified = await verifyModel({ model, dataDir, lockPath });
  if (!verified.ok) return verified;
  const { files, bytes, problems } = verified.value;
  if (problems.length === 0) {
    process.stdout.write(`${model.id} is whole: ${files} files, ${formatBytes(bytes)}.\n`);
    return ok(0);
  }
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stderr.write(
    `Cannot use the model as it is damaged; delete the files that are named and pull it again: ${model.id}\n`,
  );
  return ok(1);
}
