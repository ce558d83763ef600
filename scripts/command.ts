import { existsSync } from 'node:fs';
import { pino } from 'pino';
import { type Async, type Failure, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { parseEnv } from '../core/env.ts';
import { GpuServiceConfig } from '../gpu-service/config.ts';
import { type Engine, openEngine } from '../gpu-service/open.ts';
import { modelIdOf } from '../gpu-service/open-encoder.ts';
import { ModelSettings } from './model-settings.ts';
import { pullWithProgress } from './pull-model.ts';

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

/**
 * The config of everything that runs on a person's own machine: nothing is offered to the network,
 * and only warnings are logged. An empty variable is one that is not set, here as in `parseEnv`.
 */
export function readLocalConfig(env = process.env): Result<GpuServiceConfig, Failure> {
  const API_HOST = env['API_HOST'] || '127.0.0.1';
  const LOG_LEVEL = env['LOG_LEVEL'] || 'warn';
  return parseEnv(GpuServiceConfig, { ...env, API_HOST, LOG_LEVEL });
}

/** Opens model and index for as long as the work takes. */
export async function withEngine<T>(
  work: (engine: Engine, config: GpuServiceConfig) => Async<T>,
): Async<T> {
  const config = readLocalConfig();
  if (!config.ok) return config;
  const { LOG_LEVEL } = config.value;
  const model = await pullMissing(config.value);
  if (!model.ok) return model;
  const engine = await openEngine(config.value, pino({ level: LOG_LEVEL }));
  if (!engine.ok) return engine;
  try {
    return await work(engine.value, config.value);
  } finally {
    await engine.value.close();
  }
}

/** A model of the registry that was asked for by name is brought here first. */
async function pullMissing(config: GpuServiceConfig): Async<unknown> {
  const id = modelIdOf(config);
  const elsewhere = config.MODEL_DIR !== undefined || config.ENCODER_URL !== undefined;
  if (id === undefined || elsewhere) return ok(undefined);
  const settings = parseEnv(ModelSettings, process.env);
  if (!settings.ok) return settings;
  const { ENCODER_PRECISION: precision } = config;
  const precisions = precision === 'auto' ? [] : [precision];
  return pullWithProgress({ id, precisions }, settings.value);
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
