import * as z from 'zod';
import { failure, type Failure } from './failure.ts';
import { err, ok, type Result } from './result.ts';

/** The environment that a config schema reads: what a deployment must set. */
export type EnvOf<Schema extends z.ZodType> = Readonly<
  Record<keyof z.input<Schema> & string, string>
>;

/** `true` or `false`, as people write them in an environment. */
export const EnvBoolean = z.stringbool();

/** A TCP port; 0 lets the system choose. */
export const EnvPort = z.coerce.number().int().min(0).max(65_535);

/**
 * Reads a config from environment variables. An empty variable counts as not set, as `.env` files
 * and container definitions can't tell the two apart.
 */
export function parseEnv<Schema extends z.ZodType>(
  schema: Schema,
  env: Readonly<Record<string, string | undefined>>,
): Result<z.output<Schema>, Failure> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(set);
  if (parsed.success) return ok(parsed.data);
  const errors = parsed.error.issues.map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
  }));
  const said = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return err(
    failure('invalid_field', `Cannot start as the environment is not valid: ${said}`, { errors }),
  );
}
