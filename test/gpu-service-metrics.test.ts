import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { GpuServiceConfig } from '../gpu-service/config.ts';
import { openMetrics } from '../gpu-service/open-metrics.ts';
import { startService } from './support/service-process.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const temporaryDirectory = useTemporaryDirectories();
const Lines = z.array(z.looseObject({}));

describe('what the service writes for CloudWatch', () => {
  it('stands between the lines of its log, the last of it at the end', async () => {
    const env = { CLOUDWATCH_METRICS: 'true', ENVIRONMENT: 'test' };
    const lines = await searchOnce(env);
    const measured = lines.filter((line) => line['_aws'] !== undefined);
    expect(measured.length).toBeLessThan(lines.length);
    expect(measured[0]).toMatchObject({ service: 'gpu-service', environment: 'test' });
    const searches = measured.flatMap((line) => line['total_duration'] ?? []);
    expect(searches).toHaveLength(1);
    const depths = measured.flatMap((line) => line['queue_depth_searches'] ?? []);
    expect(new Set(depths)).toEqual(new Set([0]));
  });

  it('is nothing unless somebody asks for it', () => {
    const lines: string[] = [];
    const parts = { now: () => 0, epochMs: () => 0, logger: { warn: () => undefined } };
    const writeLine = (line: string) => void lines.push(line);
    const metrics = openMetrics(GpuServiceConfig.parse({}), { ...parts, writeLine });
    metrics.countRequest('/search', 200, 'ok');
    metrics.close();
    expect(lines).toEqual([]);
  });
});

/** All that it wrote, from its start to its end. */
async function searchOnce(env: Readonly<Record<string, string>>) {
  const service = await startService(await temporaryDirectory(), env);
  const { status } = await fetch(`${service.url}/search?q=red`);
  expect(status).toBe(200);
  // Longer than what lies between two looks at states.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await service.stop();
  const { code, stdout } = await service.finished;
  expect(code).toBe(0);
  const written = stdout.trim().split('\n');
  return Lines.parse(written.map((line): unknown => JSON.parse(line)));
}
