import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { DataStack } from '../stacks/data-stack.ts';
import { acknowledgeKeys } from './bundled-function-keys.ts';
import { snapshotsPrefix } from './index-environment.ts';

// As the table of docs/operations.md has it, and no more: a test compares the two.

/** What index-images may do. Without the list S3 answers 403 for what is gone, and no deletion is seen. */
export function grantIndexing(role: Role, { pictures, queue, deadLetters }: DataStack): void {
  allow(role, ['s3:ListBucket'], pictures.bucketArn);
  allow(role, ['s3:GetObject'], pictures.arnForObjects('*'));
  allow(role, ['s3:PutObject', 's3:DeleteObject'], pictures.arnForObjects('.picture-search/*'));
  allow(
    role,
    ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    queue.queueArn,
  );
  allow(role, ['sqs:SendMessage'], deadLetters.queueArn);
  const about = { bucket: pictures, reason: 'Pictures have any key, and are told of by it.' };
  acknowledgeKeys(role, { ...about, keys: '*' });
  const reason = 'What the index keeps of each picture has its number as its key.';
  acknowledgeKeys(role, { bucket: pictures, keys: '.picture-search/*', reason });
}

/** What reconcile may do. */
export function grantReconciling(role: Role, { pictures, queue }: DataStack): void {
  allow(role, ['s3:ListBucket'], pictures.bucketArn);
  allow(role, ['s3:GetObject'], pictures.arnForObjects('*'));
  const written = ['.picture-search/reconcile/*'];
  const removed = ['.picture-search/thumbnails/*', '.picture-search/rejects/*'];
  allow(
    role,
    ['s3:PutObject'],
    ...[...written, '.picture-search/generation'].map((keys) => pictures.arnForObjects(keys)),
  );
  allow(role, ['s3:DeleteObject'], ...removed.map((keys) => pictures.arnForObjects(keys)));
  allow(role, ['sqs:SendMessage'], queue.queueArn);
  const reason =
    'Pictures have any key; what is kept of them has their number or a time as its key.';
  for (const keys of ['*', ...written, ...removed]) {
    acknowledgeKeys(role, { bucket: pictures, keys, reason });
  }
}

/** What the function may do that copies the index. */
export function grantSnapshots(role: Role, { snapshots }: DataStack): void {
  const keys = `${snapshotsPrefix}/*`;
  allow(role, ['s3:ListBucket'], snapshots.bucketArn);
  allow(
    role,
    ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
    snapshots.arnForObjects(keys),
  );
  const reason = 'Copies are kept under the time at which they were made.';
  acknowledgeKeys(role, { bucket: snapshots, keys, reason });
}

function allow(role: Role, actions: string[], ...resources: string[]): void {
  role.addToPolicy(new PolicyStatement({ actions, resources }));
}
