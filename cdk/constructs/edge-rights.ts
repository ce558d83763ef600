import { Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { acknowledgeKeys } from './bundled-function-keys.ts';

/** Pictures come and go, by keys that callers choose: what the index keeps beside them is out of reach. */
export function grantUploads(role: Role, pictures: IBucket): void {
  const actions = ['s3:PutObject', 's3:DeleteObject'];
  role.addToPrincipalPolicy(
    new PolicyStatement({ actions, resources: [pictures.arnForObjects('*')] }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      actions,
      resources: [pictures.arnForObjects('.picture-search/*')],
    }),
  );
  const reason =
    'Pictures have any key but those of the index, which a denial beside it keeps out of reach.';
  for (const keys of ['*', '.picture-search/*']) {
    acknowledgeKeys(role, { bucket: pictures, keys, reason });
  }
}

/** What a model that re-ranks is shown. Without the list, a thumbnail that is gone would be a refusal. */
export function grantThumbnails(role: Role, pictures: IBucket): void {
  const keys = '.picture-search/thumbnails/*';
  role.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['s3:GetObject'], resources: [pictures.arnForObjects(keys)] }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['s3:ListBucket'], resources: [pictures.bucketArn] }),
  );
  const reason = 'Every picture has a thumbnail, by its number.';
  acknowledgeKeys(role, { bucket: pictures, keys, reason });
}
