import { expect, it } from 'vitest';
import { expectOk } from '../test/support/expect-ok.ts';
import { readLocalConfig } from './open-local.ts';

it.each([{}, { API_HOST: '', LOG_LEVEL: '' }])(
  'offers nothing to the network unasked: %j',
  (env) => {
    expect(expectOk(readLocalConfig(env))).toMatchObject({
      API_HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
    });
  },
);

it('takes what is set', () => {
  const env = { API_HOST: '0.0.0.0', LOG_LEVEL: 'info' };
  expect(expectOk(readLocalConfig(env))).toMatchObject(env);
});
