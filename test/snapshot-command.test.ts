import { cp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runScript } from './support/processes.ts';
import { startS3 } from './support/s3-server.ts';
import { startServiceAgain } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const createDirectory = useTemporaryDirectories();
const pictures = path.join(import.meta.dirname, 'fixtures', 'pictures');
let env: Record<string, string>;

beforeEach(async () => {
  env = { DATA_DIR: await createDirectory() };
});

async function found(): Promise<number> {
  const { stdout } = await runScript('search', ['a picture', '--json', '--top-k', '100'], env);
  return JSON.parse(stdout).total;
}

describe('the snapshot command', { timeout: 600_000 }, () => {
  it('creates, lists, restores and removes, while a service has the index open', async () => {
    expect((await runScript('index', [pictures], env)).code).toBe(0);
    const count = await found();
    const service = await startServiceAgain(env['DATA_DIR'] ?? '');
    const created = await runScript('snapshot', ['create'], env);
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const [, name = ''] =
      /^(images-\d{8}T\d{6}Z): \d+ vectors of demo, /.exec(created.stdout) ?? [];
    const locked = await runScript('snapshot', ['restore', name], env);
    expect(locked.code).toBe(1);
    expect(locked.stderr).toContain('Stop that one first (is npm start running?)');
    await service.stop();
    const listed = await runScript('snapshot', ['list'], env);
    expect(listed.stdout).toMatch(new RegExp(`^${name}  embedded, ${count} vectors of demo, `));
    await runScript('index', [pictures, '--remove'], env);
    expect(await found()).toBe(0);
    const restored = await runScript('snapshot', ['restore', name], env);
    expect(restored.code).toBe(0);
    expect(restored.stdout).toContain(`Restored ${name}: embedded, ${count} vectors of demo`);
    expect(await found()).toBe(count);
    expect((await runScript('snapshot', ['remove', name], env)).code).toBe(0);
    expect((await runScript('snapshot', ['list'], env)).stdout).toContain('No snapshots in ');
    expect(await readdir(path.join(env['DATA_DIR'] ?? '', 'images'))).not.toContain('next');
  });

  it('keeps them in a bucket, for a machine that has none of it', async () => {
    const s3 = await startS3();
    await s3.createBucket('backups');
    const aws = {
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    await runScript('index', [pictures], env);
    const count = await found();
    const place = 's3://backups/pictures/';
    const created = await runScript('snapshot', ['create', '--to', place], { ...env, ...aws });
    expect(created.stderr).toBe('');
    expect(created.stdout).toContain('in s3://backups/pictures\n');
    const [name = ''] = created.stdout.split(':');
    env = { DATA_DIR: await createDirectory() };
    const restored = await runScript('snapshot', ['restore', name, '--from', place], {
      ...env,
      ...aws,
    });
    expect(restored.code).toBe(0);
    expect(await found()).toBe(count);
  });

  it('does not restore what is damaged', async () => {
    await runScript('index', [pictures], env);
    const place = await createDirectory();
    const { stdout } = await runScript('snapshot', ['create', '--to', place], env);
    const [name = ''] = stdout.split(':');
    await cp(path.join(place, name, 'snapshot.json'), path.join(place, 'other', 'snapshot.json'));
    await rm(path.join(place, name, 'collection.json'));
    const { code, stderr } = await runScript('snapshot', ['restore', name, '--from', place], env);
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot restore the snapshot as ');
    expect(await found()).toBeGreaterThan(0);
  });

  it.each([
    [[], 'it must be create, list, restore or remove: '],
    [['make'], 'it must be create, list, restore or remove: make'],
    [['restore'], 'restore needs one name'],
    [['create', 'x'], 'create takes no name: x'],
    [['create', '--from', 'x'], 'create takes --to, not --from'],
    [['list', '--to', 'x'], 'list takes --from, not --to'],
    [['list', '--from', 'gs://x'], 'a place must be a folder or s3://bucket/prefix: gs://x'],
    [['restore', 'nothing'], 'Cannot find the snapshot in '],
    [['remove', 'nothing'], 'Cannot find the snapshot in '],
    [['create'], 'Cannot take a snapshot as there is no such collection: '],
    [['--nope'], "Unknown option '--nope'"],
  ])('explains what is wrong with %j', async (args, sentence) => {
    const { code, stderr } = await runScript('snapshot', args, env);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain('    at ');
  });

  it('has help', async () => {
    const { code, stdout } = await runScript('snapshot', ['--help'], env);
    expect(code).toBe(0);
    expect(stdout).toContain('npm run snapshot');
  });
});
