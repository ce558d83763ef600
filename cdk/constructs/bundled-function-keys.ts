import { CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledgeObjects } from './acknowledge-objects.ts';

/**
 * Says why a role has a right to keys of an earlier stack's bucket that nobody can list beforehand. The
 * finding has one name in the template, and another before there is one, as in tests of a stack.
 */
export function acknowledgeKeys(
  role: Construct,
  {
    bucket,
    keys,
    reason,
  }: { readonly bucket: IBucket; readonly keys: string; readonly reason: string },
): void {
  acknowledgeObjects(role, bucket, keys, reason);
  const resource = bucket.node.defaultChild;
  if (!CfnElement.isCfnElement(resource)) throw new TypeError('the bucket is of no stack of ours');
  const name = String(Stack.of(bucket).resolve(resource.logicalId));
  Validations.of(role).acknowledge({
    id: `AwsSolutions-IAM5[Resource::<${name}.Arn>/${keys}]`,
    reason,
  });
}
