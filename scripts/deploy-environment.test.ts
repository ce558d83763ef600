import { describe, expect, it } from 'vitest';
import { runScript } from '../test/support/processes.ts';
import { settingsFrom, withoutContext } from './deploy-environment.ts';

describe('The environment', () => {
  it.each([
    [['-c', 'env=dev'], 'dev'],
    [['--context', 'env=dev'], 'dev'],
    [['--context=env=dev'], 'dev'],
    [['-cenv=dev'], 'dev'],
    [['-c', 'env=dev', '-c', 'x=y', '-c', 'env=dev'], 'dev'],
  ])('is chosen by %j', (args, name) => {
    expect(settingsFrom(args)).toMatchObject({ value: { environment: name } });
    expect(withoutContext([...args, 'list', '--next'])).toEqual(['list', '--next']);
  });

  it('is never one of two', async () => {
    const args = ['-c', 'env=dev', '--context=env=prod'];
    const { code, stderr } = await runScript('deploy', args);
    expect(stderr).toBe('Cannot run as -c env=… must be given once: dev, prod\n');
    expect(code).toBe(1);
  });

  it.each([[[]], [['-c', 'env=nowhere']], [['env=dev']]])('is missing in %j', async (args) => {
    const { code, stderr } = await runScript('deploy', args);
    expect(stderr).toContain('-c env=… must be one of dev | staging | prod');
    expect(code).toBe(1);
  });
});
