import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SearchResponse } from '../core/model.ts';
import { AwsEnvironment, EdgeConfig } from '../edge/config.ts';
import { BenchmarkConfig } from '../functions/benchmark/config.ts';
import { IndexImagesConfig } from '../functions/index-images/config.ts';
import { PublishGenerationConfig } from '../functions/publish-generation/config.ts';
import { ReconcileConfig } from '../functions/reconcile/config.ts';
import { SnapshotConfig } from '../functions/snapshot/config.ts';
import { GpuServiceConfig } from '../gpu-service/config.ts';
import { IndexJobConfig } from '../gpu-service/index-job/config.ts';
import { IntakeSettings } from '../scripts/open-intake.ts';
import { ModelSettings } from '../scripts/model-settings.ts';
import { runScript, startProcess } from './support/processes.ts';
import { post } from './support/search-app.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();

describe('the service', () => {
  it('answers once it is warm, logs JSON, and drains on SIGTERM', async () => {
    const env = { DATA_DIR: await temporaryDirectory(), API_HOST: '127.0.0.1', API_PORT: '0' };
    await runScript('index', ['test/fixtures/pictures'], env);
    const service = startProcess('gpu-service/main.ts', [], env);
    const [line] = await service.waitFor(/.*Ready to search.*\n/);
    const { port } = JSON.parse(line) as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}/search`, post({ query: 'red' }));
    expect(SearchResponse.parse(await response.json()).total).toBe(3);
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    // Whole lists are for the edge to ask for, and pages for the edge to answer with.
    for (const [more, status] of [
      [{ top_k: 1000 }, 200],
      [{ top_k: 1001 }, 422],
      [{ cursor: '*' }, 503],
    ] as const) {
      const body = post({ query: 'red', ...more });
      expect((await fetch(`http://127.0.0.1:${port}/search`, body)).status).toBe(status);
    }
    service.process.kill('SIGTERM');
    expect((await service.finished).code).toBe(0);
  });

  it('says what keeps it from starting, and exits with 1', async () => {
    const env = { DATA_DIR: await temporaryDirectory(), MODEL_DIR: 'models/nowhere' };
    const { code, stdout } = await startProcess('gpu-service/main.ts', [], env).finished;
    expect(code).toBe(1);
    expect(stdout).toContain('models/nowhere');
  });

  it('names a log level that does not exist', async () => {
    const { code, stdout } = await startProcess('gpu-service/main.ts', [], { LOG_LEVEL: 'loud' })
      .finished;
    expect(code).toBe(1);
    expect(stdout).toContain('LOG_LEVEL');
  });
});

describe('.env.example', () => {
  it('explains every setting, with its default', () => {
    const text = readFileSync(join(import.meta.dirname, '../.env.example'), 'utf8');
    const lines = text.matchAll(/^#?([A-Z0-9_]+)=(.*)$/gm);
    const shown = Object.fromEntries(Array.from(lines, ([, name, value]) => [name, value]));
    const known = {
      ...IndexJobConfig.shape,
      ...IndexImagesConfig.shape,
      ...ReconcileConfig.shape,
      ...BenchmarkConfig.shape,
      ...PublishGenerationConfig.shape,
      ...SnapshotConfig.shape,
      // Of adapters/secret-environment.ts: what is read before any of these.
      SECRETS: '',
      ...AwsEnvironment.shape,
      ...EdgeConfig.shape,
      ...ModelSettings.shape,
      ...IntakeSettings.shape,
    };
    expect(Object.keys(shown).toSorted()).toEqual(Object.keys(known).toSorted());
    const edge = EdgeConfig.parse({ SERVICE_URL: 'http://gpu', API_KEYS_REQUIRED: 'false' });
    const service = GpuServiceConfig.parse({});
    const PICTURES_BUCKET = 'pictures';
    const indexing = IndexImagesConfig.parse({ PICTURES_BUCKET });
    const reconcile = ReconcileConfig.parse({ PICTURES_BUCKET, QUEUE_URL: 'http://queue' });
    const benchmark = { TARGET_URL: 'https://pictures', REPORTS_BUCKET: 'reports' };
    const { ENCODER_THREADS, ...defaults } = {
      ...BenchmarkConfig.parse(benchmark),
      ...SnapshotConfig.parse({ SNAPSHOTS_BUCKET: 'snapshots' }),
      ...ModelSettings.parse({}),
      ...IntakeSettings.parse({}),
      ...indexing,
      ...reconcile,
      ...edge,
      ...service,
    };
    // These are lists, or depend on what it is.
    const unlike =
      'API_HOST API_PORT SERVICE_URL SERVICE_SECRET CLIP_MODEL_NAME API_KEYS API_KEYS_REQUIRED CORS_ORIGINS PICTURES_BUCKET QUEUE_URL TARGET_URL REPORTS_BUCKET SNAPSHOTS_BUCKET';
    const special = new Set(unlike.split(' '));
    const plain = Object.entries(defaults).filter(([name]) => !special.has(name));
    expect(plain.length).toBeGreaterThan(25);
    for (const [name, value] of plain)
      expect({ name, shown: shown[name] }).toEqual({ name, shown: String(value) });
    expect([service.API_HOST, service.API_PORT, edge.API_PORT]).toEqual(['0.0.0.0', 8000, 8080]);
    expect([edge.API_KEYS, edge.CORS_ORIGINS, service.SERVICE_SECRET]).toEqual([[], [], []]);
    expect(ENCODER_THREADS).toBeGreaterThan(0);
  });
});
