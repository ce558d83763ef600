import * as z from 'zod';

export const BucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket, without s3://');

const Endpoint = z.url({
  protocol: /^https?$/,
  error: 'must be an address such as http://localhost:4566',
});

/** As the SDK of AWS reads them; with one of them S3 is asked path-style. */
export const AwsEndpoints = {
  AWS_ENDPOINT_URL: Endpoint.optional(),
  AWS_ENDPOINT_URL_S3: Endpoint.optional(),
};

/** Where CloudWatch shows what is measured. */
export const CloudWatchSettings = {
  METRICS_NAMESPACE: z
    .string()
    .regex(/^(?!AWS\/|:)[\w.\-/#: ]{1,255}$/, 'must not be AWS/… nor begin with a colon')
    .default('PictureSearch'),
  ENVIRONMENT: z.string().min(1).max(64).default('development'),
};
