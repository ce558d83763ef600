import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { usePullBench } from '../test/support/pull-bench.ts';
import { readModelDirectory } from './model-directory.ts';

const bench = usePullBench();
const file = 'textual/text.onnx_data';

describe('a file that was cut short', () => {
  it('goes on where it was, in the same pull', async () => {
    bench.hub.misbehave(file, { kind: 'cut', after: 2000 }, 1);
    expectOk(await bench.ensure());
    expect(expectOk(await bench.verify()).problems).toEqual([]);
    expect(bench.rangesOf(file)).toEqual([undefined, 'bytes=2000-']);
  });

  it('is asked for again as long as each answer brings more', async () => {
    bench.hub.misbehave(file, { kind: 'short', after: 1000 });
    expectOk(await bench.ensure());
    expect(expectOk(await bench.verify()).problems).toEqual([]);
    expect(bench.rangesOf(file)).toEqual(
      [0, 1000, 2000, 3000, 4000].map((from) => (from === 0 ? undefined : `bytes=${from}-`)),
    );
  });

  it('goes on where it was in the next pull, and the files that were whole are not fetched', async () => {
    bench.hub.misbehave(file, { kind: 'hang', after: 2000 });
    const signal = AbortSignal.timeout(300);
    expectFailure(await bench.ensure({ signal }));
    bench.hub.requests.length = 0;
    await bench.expectGoodPull();
    expect(bench.pathsOfFiles()).toEqual([file]);
    expect(bench.rangesOf(file)).toEqual(['bytes=2000-']);
  });

  it('is begun again where the hub sends only whole files', async () => {
    bench.hub.misbehave(file, { kind: 'cut', after: 2000 }, 1);
    bench.hub.misbehave(file, { kind: 'no ranges' });
    expectOk(await bench.ensure());
    expect(bench.rangesOf(file)).toEqual([undefined, 'bytes=2000-']);
    expect(expectOk(await bench.verify()).problems).toEqual([]);
  });

  it('is begun again when its beginning is not that of the file', async () => {
    const partial = join(`${bench.directory}.partial`, file);
    await mkdir(join(partial, '..'), { recursive: true });
    await writeFile(partial, Buffer.alloc(4000, 'something else'));
    await bench.expectGoodPull();
    expect(bench.rangesOf(file)).toEqual(['bytes=4000-', undefined]);
  });

  it('is not put together from a part that was not asked for', async () => {
    bench.hub.misbehave(file, { kind: 'cut', after: 2000 }, 1);
    bench.hub.misbehave(file, { kind: 'wrong range' });
    expect(expectFailure(await bench.ensure()).detail).toContain('another part');
    expectFailure(await readModelDirectory(bench.directory));
    await bench.expectGoodPull();
  });
});
