import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { environments } from '../cdk/settings.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const newDirectory = useTemporaryDirectories();
const root = join(import.meta.dirname, '..');

/** Programs that `npm run synth` may find: no docker, no git, no aws. */
async function directoryOfPrograms(): Promise<string> {
  const directory = await newDirectory();
  await symlink(process.execPath, join(directory, 'node'));
  await symlink('/bin/sh', join(directory, 'sh'));
  await symlink(join(root, 'node_modules/.bin/cdk'), join(directory, 'cdk'));
  return directory;
}

/** As a stranger runs it: nothing of this process, no home with credentials, no metadata service. */
async function synthesise(args: readonly string[]) {
  const home = await newDirectory();
  const out = await newDirectory();
  const env = { PATH: await directoryOfPrograms(), HOME: home, AWS_EC2_METADATA_DISABLED: 'true' };
  const begin = performance.now();
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [join(root, 'node_modules/.bin/cdk'), 'synth', '--quiet', '-o', out, ...args],
    { cwd: root, env, timeout: 280_000 },
  );
  return { out, stderr, seconds: (performance.now() - begin) / 1000 };
}

describe('npm run synth', () => {
  it('is what is tried here', () => {
    const text = readFileSync(join(root, 'package.json'), 'utf8');
    expect(text).toContain('"synth": "cdk synth --quiet"');
  });

  // The options are cdk's own; one environment has some, as a synthesis takes ten seconds and more.
  it.each(Object.keys(environments))(
    'needs neither credentials nor docker nor a look-up: %s',
    { timeout: 300_000 },
    async (environment) => {
      const only = ['--exclusively', 'picture-search-staging-network', '--strict'];
      const options = environment === 'staging' ? only : [];
      const { out, stderr, seconds } = await synthesise(['-c', `env=${environment}`, ...options]);
      const templates = readdirSync(out).filter((name) => name.endsWith('.template.json'));
      expect(templates.length).toBeGreaterThanOrEqual(8);
      expect(stderr).not.toMatch(/\b(error|credential)/i);
      // What a look-up would leave behind.
      expect(existsSync(join(root, 'cdk.context.json'))).toBe(false);
      const manifest = readFileSync(join(out, 'manifest.json'), 'utf8');
      expect(manifest).not.toContain('"missing"');
      process.stdout.write(`npm run synth -- -c env=${environment}: ${seconds.toFixed(1)} s\n`);
    },
  );

  it('says which environments there are', async () => {
    await expect(synthesise(['-c', 'env=nowhere'])).rejects.toThrow(/dev \| staging \| prod/);
  });
});
