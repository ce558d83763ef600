import { describe, expect, it } from 'vitest';
import { parseEnv } from '../../core/env.ts';
import { expectFailure, expectOk } from '../../test/support/expect-ok.ts';
import { ReconcileConfig } from './config.ts';

const needed = {
  PICTURES_BUCKET: 'pictures',
  QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/pictures',
};

describe('the config of the reconcile function', () => {
  it('needs a bucket and a queue, and has a default for the rest', () => {
    expect(expectOk(parseEnv(ReconcileConfig, needed))).toMatchObject({
      RECONCILE_FILTER_MB: 64,
      RECONCILE_MAX_REMOVED: 0.5,
      RECONCILE_SETTLE_SECONDS: 30,
      QDRANT_COLLECTION: 'images',
      REDIS_ENABLED: false,
    });
  });

  it.each([
    ['PICTURES_BUCKET', ''],
    ['PICTURES_BUCKET', 's3://pictures'],
    ['QUEUE_URL', ''],
    ['QUEUE_URL', 'pictures'],
    ['RECONCILE_FILTER_MB', '513'],
    ['RECONCILE_MAX_REMOVED', '50'],
    ['RECONCILE_SETTLE_SECONDS', '-1'],
  ])('refuses %s=%s', (name, value) => {
    const { errors } = expectFailure(parseEnv(ReconcileConfig, { ...needed, [name]: value }));
    expect(errors?.map(({ path }) => path)).toEqual([name]);
  });
});
