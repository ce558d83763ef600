import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runScript } from '../test/support/processes.ts';
import { bytesPerVector, diskOf, memoryOf } from './sizing-bytes.ts';
import { planEmbedded, planQdrant } from './sizing-plan.ts';
import { prices } from './sizing-prices.ts';
import { sizingMarkdown, sizingMarkers, specOf, standardPlans } from './sizing-table.ts';

const million = 1_000_000;

describe('The sizing', () => {
  it('agrees with what is known of a million vectors of 1024 dimensions', () => {
    const bytes = memoryOf(specOf({ vectors: million, dimensions: 1024, searchSpace: false }));
    expect(bytes / (million * 1024 * 4 * 1.5)).toBeCloseTo(1, 1);
  });

  it('counts the parts of a vector', () => {
    const spec = specOf({ vectors: 1, dimensions: 512, m: 16, searchSpace: false });
    expect(bytesPerVector(spec)).toMatchObject({ full: 2048, quantized: 516 });
    expect(bytesPerVector(spec).links).toBeCloseTo(4 * 32 + 4 * (16 / 15));
    expect(bytesPerVector({ ...spec, quantization: 'product' }).quantized).toBe(128);
    expect(bytesPerVector({ ...spec, searchSpace: true }).full).toBe(4 * 520);
  });

  it('needs less memory with vectors on disk, and the same disk', () => {
    const inMemory = specOf({ vectors: million, dimensions: 1024 });
    const onDisk = { ...inMemory, onDisk: true };
    expect(memoryOf(onDisk)).toBeLessThan(memoryOf(inMemory) / 2);
    expect(diskOf(onDisk)).toBe(diskOf(inMemory));
  });

  it('has room for everything on the nodes that it names, and a node for every replica', () => {
    for (const plan of standardPlans()) {
      const instance = prices.instances.find(({ name }) => name === plan.instance);
      expect(plan.nodes * (instance?.memoryGib ?? 0) * 2 ** 30).toBeGreaterThan(plan.memoryBytes);
      expect(plan.nodes).toBeGreaterThanOrEqual(plan.replicas);
    }
    const one = specOf({ vectors: 1000, dimensions: 512 });
    expect(planQdrant(one, 3)).toMatchObject({ nodes: 3, instance: 'r7g.large' });
  });

  it('knows no single machine for a billion vectors', () => {
    expect(planEmbedded(specOf({ vectors: 1000 * million, dimensions: 512 }))).toBeUndefined();
  });

  it('stands in the docs as it is computed', async () => {
    const docs = await readFile(path.join(import.meta.dirname, '../docs/operations.md'), 'utf8');
    const [, after = ''] = docs.split(sizingMarkers.begin);
    const [table = ''] = after.split(sizingMarkers.end);
    expect(table.trim()).toBe(sizingMarkdown(standardPlans()).trim());
  });

  it('answers for any size, and says what is wrong', async () => {
    const args = ['--vectors', '100000000', '--dimensions', '768', '--replicas', '2', '--json'];
    const { code, stdout } = await runScript('sizing', args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ store: 'qdrant', replicas: 2 }]);
    const wrong = await runScript('sizing', ['--vectors', '5', '--quantization', 'binary']);
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toContain('--quantization must be int8 or product: binary');
  });
});
