import { expect, it } from 'vitest';
import { parseEnv } from '../../core/env.ts';
import { expectFailure, expectOk } from '../../test/support/expect-ok.ts';
import { PublishGenerationConfig } from './config.ts';

it('takes the ARN of a store of keys, and nothing else for it', () => {
  const GENERATIONS_ARN = 'arn:aws:cloudfront::123456789012:key-value-store/0a1b-2c';
  const config = expectOk(parseEnv(PublishGenerationConfig, { GENERATIONS_ARN }));
  expect(config).toMatchObject({ GENERATIONS_ARN, METRICS_NAMESPACE: 'PictureSearch' });
  for (const wrong of ['', 'generations', 'arn:aws:s3:::pictures']) {
    const refused = expectFailure(parseEnv(PublishGenerationConfig, { GENERATIONS_ARN: wrong }));
    expect(refused.detail).toContain('GENERATIONS_ARN');
  }
});
