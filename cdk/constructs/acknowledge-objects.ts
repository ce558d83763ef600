import { CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/**
 * Acknowledges that rights are for all objects of a bucket of an earlier stack whose keys begin so.
 * The name of such a finding has the reference to that stack in it, as it is in the template.
 */
export function acknowledgeObjects(
  construct: Construct,
  bucket: IBucket,
  keys: string,
  reason: string,
): void {
  const finding = JSON.stringify({
    'Fn::GetStackOutput': {
      StackName: Stack.of(bucket).stackName,
      Region: Stack.of(bucket).region,
      OutputName: outputOf(bucket),
    },
  });
  Validations.of(construct).acknowledge({
    id: `AwsSolutions-IAM5[Resource::${finding}/${keys}]`,
    reason,
  });
}

/** The output that the library itself makes for the reference, under the name that it looks for. */
function outputOf(bucket: IBucket): string {
  const stack = Stack.of(bucket);
  const published = stack.node.tryFindChild('Publish') ?? new Construct(stack, 'Publish');
  const name = `Output${JSON.stringify(stack.resolve(bucket.bucketArn))}`;
  const output =
    published.node.tryFindChild(name) ??
    new CfnOutput(published, name, { value: bucket.bucketArn });
  return String(stack.resolve((output as CfnOutput).logicalId));
}
