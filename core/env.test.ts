import { expect, it } from 'vitest';
import * as z from 'zod';
import { EnvBoolean, EnvPort, parseEnv } from './env.ts';

const Config = z.object({
  API_PORT: EnvPort.default(8000),
  FORCE_CPU: EnvBoolean.default(false),
  DATA_DIR: z.string(),
});

it('reads what is set and leaves the rest to the defaults', () => {
  const env = { DATA_DIR: '/data', FORCE_CPU: 'true', HOME: '/root' };
  expect(parseEnv(Config, env)).toEqual({
    ok: true,
    value: { API_PORT: 8000, FORCE_CPU: true, DATA_DIR: '/data' },
  });
});

it('takes an empty variable for one that is not set', () => {
  const parsed = parseEnv(Config, { DATA_DIR: '/data', API_PORT: '' });
  expect(parsed).toMatchObject({ ok: true, value: { API_PORT: 8000 } });
});

it('names every variable that is wrong', () => {
  const parsed = parseEnv(Config, { API_PORT: '99999', FORCE_CPU: 'maybe' });
  expect(parsed.ok ? [] : parsed.error.errors?.map(({ path }) => path)).toEqual([
    'API_PORT',
    'FORCE_CPU',
    'DATA_DIR',
  ]);
});
