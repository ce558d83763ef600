import { stat } from 'node:fs/promises';
import { formatBytes } from '../adapters/model-pull-disk.ts';
import { type ModelLock, readLock } from '../adapters/model-pull-lock.ts';
import { filesOf } from '../adapters/model-directory.ts';
import { directoryOf, isComplete, readInstalled } from '../adapters/model-pull-state.ts';
import { registeredModels, type RegisteredModel } from '../adapters/model-registry.ts';
import type { ModelSettings } from './model-settings.ts';

const head = ['id', 'dimensions', 'context', 'licence', 'recall@1', 'size', 'here'];

/** All models as a table, with a line below on each kind of quality that it shows. */
export async function listModels(settings: ModelSettings): Promise<string> {
  const lock = await readLock(settings.MODELS_LOCK);
  const kinds = new Set(registeredModels.map(({ quality }) => quality.task));
  const signs = new Map([...kinds].map((task, index) => [task, '*'.repeat(index + 1)]));
  const rows = [head];
  for (const model of registeredModels) {
    const { dimensions, contextLength, licence, quality } = model;
    const { size, here } = await look(model, settings, lock.ok ? lock.value : {});
    const recall = `${quality.recallAt1.toFixed(3)}${signs.get(quality.task) ?? ''}`;
    rows.push([model.id, `${dimensions}`, `${contextLength}`, licence, recall, size, here]);
  }
  const notes = registeredModels.map(
    ({ id, quality }) =>
      `${signs.get(quality.task) ?? ''} ${id}: ${quality.task}; ${quality.source}`,
  );
  return `${toTable(rows)}\nrecall@1: how often the right picture is the first result.\n${notes.join('\n')}\n`;
}

/** Its size is what is on disk; else what the lock file knows of its fp32 files. */
async function look(model: RegisteredModel, { DATA_DIR }: ModelSettings, lock: ModelLock) {
  const { from, id } = model;
  const builtIn = 'directory' in from;
  const directory = builtIn ? from.directory : directoryOf(DATA_DIR, id);
  const installed = await readInstalled(directory);
  if (installed) {
    const size = sumOf(filesOf(installed.manifest));
    const here = builtIn ? 'built in' : directory;
    return { size, here: isComplete(installed, []) ? here : `damaged: ${directory}` };
  }
  const begun = await stat(`${directory}.partial`).catch(() => undefined);
  const names: readonly string[] = builtIn ? [] : Object.values(from.files);
  const known = names.flatMap((name) => lock[id]?.files[name] ?? []);
  const size = known.length > 0 && known.length === names.length ? sumOf(known) : '?';
  return { size, here: begun ? 'begun' : 'no' };
}

function sumOf(files: readonly { readonly bytes: number }[]): string {
  return formatBytes(files.reduce((sum, { bytes }) => sum + bytes, 0));
}

function toTable(rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const toLine = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => `${toLine(row).trimEnd()}\n`).join('');
}
