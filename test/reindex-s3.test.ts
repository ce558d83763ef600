import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { awsEnvironment, createTestBucket, type TestBucket } from './support/bucket.ts';
import { colours, pngOf } from './support/images.ts';
import { runScript } from './support/processes.ts';
import { projectedColour, writeSmallModel } from './support/small-model.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const createDirectory = useTemporaryDirectories();
let aws: AwsServer;
let bucket: TestBucket;
let env: Record<string, string>;
/** The same with another model. */
let other: Record<string, string>;

beforeAll(async () => {
  aws = await startAws();
});

beforeEach(async () => {
  bucket = await createTestBucket(aws);
  env = { DATA_DIR: await createDirectory(), ...awsEnvironment(aws) };
  const directory = await createDirectory();
  await writeSmallModel(directory, { image: projectedColour(3) });
  other = { ...env, MODEL_DIR: directory };
});

describe('the reindex command, of pictures in a bucket', { timeout: 300_000 }, () => {
  it('reads them there, names what is gone, and changes nothing in it', async () => {
    for (const [name, colour] of Object.entries(colours)) {
      await bucket.put(`all/${name} 1.png`, await pngOf(colour));
    }
    expect((await runScript('index', [bucket.url], env)).code).toBe(0);
    await bucket.remove('all/green 1.png');
    const before = await bucket.keys();
    const { code, stdout } = await runScript('reindex', [], other);
    expect(code).toBe(0);
    expect(stdout).toContain('Reindexed with small in place of demo: 5 put in, 1 left out.');
    expect(stdout).toContain('  all/green 1.png: Cannot read the file as it does not exist');
    expect(await bucket.keys()).toEqual(before);
    const again = await runScript('index', [bucket.url], other);
    expect(again.stdout).toContain('0 indexed, 5 skipped, 0 failed');
  });

  it('ends where the bucket is out of reach, and leaves the index as it was', async () => {
    await bucket.put('red.png', await pngOf(colours.red));
    await runScript('index', [bucket.url], env);
    const unreachable = { ...other, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    const { code, stderr } = await runScript('reindex', [], unreachable);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot look at the object as .*ECONNREFUSED/);
    const found = await runScript('search', ['red', '--json'], env);
    expect(JSON.parse(found.stdout)).toMatchObject({ total: 1, model: 'demo' });
  });
});
