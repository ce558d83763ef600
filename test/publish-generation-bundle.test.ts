import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { bundleTargets } from '../scripts/bundle-targets.ts';
import { writeBundle } from '../scripts/bundle-files.ts';
import { generationsArn, startKeyValueServer } from './support/key-value-server.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();

let directory: string;
beforeAll(async () => {
  // No folder above it has a node_modules.
  directory = await temporaryDirectory();
  const target = bundleTargets['publish-generation'];
  if (target) await writeBundle(target, directory);
});

/** As Lambda does it, but that every name is this machine: the account's is a part of the name. */
const runtime = `
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
dns.lookup = (name, { all }, done) =>
  all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
syncBuiltinESMExports();
const { handler } = await import(process.argv[1]);
await handler(JSON.parse(process.argv[2]), {});
`;

it('the bundled function publishes a generation, in a folder that has nothing else', async () => {
  const server = await startKeyValueServer();
  const event = {
    source: 'aws.s3',
    time: '2026-05-04T03:02:01Z',
    detail: { bucket: { name: 'pictures' }, object: { key: '.picture-search/generation' } },
  };
  const bundle = join(directory, 'lambda.mjs');
  const run = [`--input-type=module`, '-e', runtime, bundle, JSON.stringify(event)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, run, {
    cwd: directory,
    env: {
      GENERATIONS_ARN: generationsArn,
      AWS_ENDPOINT_URL: server.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  });
  expect(stderr).toBe('');
  expect(server.values.get('generation')).toMatch(/^[\w-]{8,64}$/);
  // What signs for all regions is in the bundle.
  for (const { authorization } of server.seen) expect(authorization).toMatch(/^AWS4-ECDSA-P256/);
  const measured = JSON.parse(stdout) as Record<string, unknown>;
  expect(measured).toMatchObject({ service: 'publish-generation', generations_published: 1 });
});
