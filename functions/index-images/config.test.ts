import { describe, expect, it } from 'vitest';
import { parseEnv } from '../../core/env.ts';
import { expectFailure, expectOk } from '../../test/support/expect-ok.ts';
import { IndexImagesConfig } from './config.ts';

const needed = { PICTURES_BUCKET: 'pictures' };

describe('the environment of the indexing function', () => {
  it('needs nothing but a bucket', () => {
    expect(expectOk(parseEnv(IndexImagesConfig, needed))).toMatchObject({
      MAX_RECEIVES: 3,
      INDEX_PLACE: false,
      MODEL_DIR: 'models/demo',
      QDRANT_COLLECTION: 'images',
      REDIS_ENABLED: false,
      SERVICE_SECRET: [],
      METRICS_NAMESPACE: 'PictureSearch',
    });
  });

  it.each([
    [{}, 'PICTURES_BUCKET'],
    [{ PICTURES_BUCKET: 's3://pictures' }, 'PICTURES_BUCKET'],
    [
      { ...needed, DEAD_LETTER_QUEUE_URL: 'arn:aws:sqs:eu-central-1:1:dead' },
      'DEAD_LETTER_QUEUE_URL',
    ],
    [{ ...needed, MAX_RECEIVES: '0' }, 'MAX_RECEIVES'],
    [{ ...needed, ENCODER_PRECISION: 'fp8' }, 'ENCODER_PRECISION'],
    [{ ...needed, CLIP_PRETRAINED: 'openai' }, 'CLIP_PRETRAINED'],
    [{ ...needed, SERVICE_SECRET: 'short' }, 'SERVICE_SECRET'],
    [{ ...needed, METRICS_NAMESPACE: 'AWS/Lambda' }, 'METRICS_NAMESPACE'],
  ])('says what is wrong with it: %o', (env, name) => {
    expect(expectFailure(parseEnv(IndexImagesConfig, env)).detail).toContain(`${name}: `);
  });
});
