import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { groupSizes } from '../cdk/constructs/gpu-machines.ts';
import { environments, type Settings } from '../cdk/settings.ts';
import { startModelHub } from '../test/support/model-hub-head.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { secretsNeeded } from './deploy-environment.ts';
import { checkAlarmEmail, checkGit } from './deploy-local.ts';
import { checkModel } from './deploy-model.ts';
import { machinesAtMost } from './deploy-quotas.ts';

const newDirectory = useTemporaryDirectories();
const staging = settingsOf('staging');
const dev = settingsOf('dev');

function settingsOf(name: string): Settings {
  const settings = environments[name];
  if (settings === undefined) throw new Error(`There is no environment: ${name}`);
  return settings;
}

describe('The checks before a deployment that need no AWS', () => {
  it('ask the hub for a model that is locked', async () => {
    const hub = await startModelHub();
    const look = async (model: Partial<Settings['model']>, lock = 'models/lock.json') => {
      const asked = {
        id: 'ViT-B-32/openai',
        dimensions: 512,
        precision: 'fp16',
        ...model,
      } as const;
      const settings = { MODELS_LOCK: lock, HF_ENDPOINT: hub.url };
      const findings = await checkModel(asked, settings)(new AbortController().signal);
      return findings.map(({ state, says }) => `${state}: ${says}`);
    };
    expect(await look({})).toEqual([expect.stringMatching(/^ok: .* is on the hub$/)]);
    expect(hub.asked.at(-1)).toMatch(/^HEAD \/Xenova\/[\w-]+\/resolve\/[\da-f]{40}\/onnx\//);
    hub.status = 404;
    expect(await look({})).toEqual([expect.stringMatching(/^missing: the hub answers 404/)]);
    hub.status = 500;
    expect(await look({})).toEqual([expect.stringMatching(/^unknown: the hub answers 500/)]);
    await hub.close();
    expect(await look({})).toEqual([expect.stringMatching(/^unknown: the hub does not answer/)]);
    expect(await look({ id: 'nobody/knows' })).toEqual([expect.stringMatching(/^missing: nobody/)]);
    expect(await look({ dimensions: 9 })).toContainEqual(expect.stringMatching(/has 512$/));
    const siglip = {
      id: 'ViT-B-16-SigLIP2-256/webli',
      dimensions: 768,
      precision: 'int8',
    } as const;
    expect(await look(siglip)).toContainEqual(expect.stringMatching(/not published as int8/));
    expect(await look({}, 'gone.json')).toContainEqual(expect.stringMatching(/not in gone\.json/));
  });

  it('want a clean working tree for prod alone', async () => {
    const look = async (name: string, where: string) =>
      (await checkGit(settingsOf(name), where)(new AbortController().signal)).map(
        ({ state }) => state,
      );
    const clone = await newDirectory();
    expect(await look('prod', clone)).toEqual(['missing']);
    execFileSync('git', ['init', '-q'], { cwd: clone });
    expect(await look('prod', clone)).toEqual(['ok']);
    await writeFile(join(clone, 'new'), '');
    expect(await look('prod', clone)).toEqual(['missing']);
    expect(await look('staging', clone)).toEqual([]);
  });

  it('know a mail that somebody reads', async () => {
    const look = async (alarmEmail: string) => {
      const [finding] = await checkAlarmEmail({ ...dev, alarmEmail })(new AbortController().signal);
      return finding?.state;
    };
    expect(await look('ops@pictures.com')).toBe('ok');
    expect(await look('ops@example.org')).toBe('missing');
    expect(await look('ops@mail.example.com')).toBe('missing');
    expect(await look('ops@myexample.com')).toBe('ok');
  });

  it('know which secrets somebody has to bring', () => {
    const outside = { kind: 'outside', host: 'q', port: 6333, grpcPort: 6334 } as const;
    const llm = { explanations: true, reranking: false, dailyQuota: 1 };
    expect(secretsNeeded(dev)).toEqual(['api-keys', 'benchmark-key']);
    expect(secretsNeeded({ llm, qdrant: outside })).toEqual([
      'api-keys',
      'benchmark-key',
      'openai-api-key',
      'qdrant-api-key',
    ]);
  });

  it('count machines of one type together', () => {
    const service = { ...staging.service, maxTasks: 3 };
    const qdrant = { kind: 'own', instanceType: 'g6.xlarge', volumeGb: 1 } as const;
    expect([...machinesAtMost({ ...staging, service, qdrant })]).toEqual([['g6.xlarge', 7]]);
    expect([...machinesAtMost(dev)]).toEqual([['t4g.medium', 1]]);
    // As many as the group of machines may really come to.
    for (const each of Object.values(environments)) {
      if (each.service.kind !== 'gpu') continue;
      const { instanceType } = each.service;
      expect(machinesAtMost(each).get(instanceType)).toBe(groupSizes(each.service).maxCapacity);
    }
  });
});
