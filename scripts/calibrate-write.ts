import { readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as z from 'zod';
import { type Async, failure } from '../core/failure.ts';
import type { Calibration } from '../core/ports.ts';
import { err, ok } from '../core/result.ts';

/**
 * Puts the calibration into a model.json, and leaves all else in it as it is.
 *
 * @returns The path of the file.
 */
export async function writeCalibration(directory: string, calibration: Calibration): Async<string> {
  const path = resolve(directory, 'model.json');
  try {
    const manifest = z.looseObject({}).parse(JSON.parse(await readFile(path, 'utf8')));
    const text = `${JSON.stringify({ ...manifest, calibration }, null, 2)}\n`;
    // Whole or not at all: without this file the model does not start.
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
    return ok(path);
  } catch (cause) {
    const detail = `Cannot keep the calibration as the file can't be read and written: ${path}`;
    return err(failure('invalid_model', detail, { cause }));
  }
}
