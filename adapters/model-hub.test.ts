import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { hubCommit, hubModel } from '../test/support/hub-model.ts';
import { createModelServer, type Misbehaviour } from '../test/support/model-server.ts';
import { usePullBench } from '../test/support/pull-bench.ts';
import { readModelDirectory } from './model-directory.ts';

const bench = usePullBench();

describe('a hub that does not send what it should', () => {
  const cases: [string, Misbehaviour, string | RegExp][] = [
    ['has no such file', { kind: 'status', status: 404 }, 'does not have it (404)'],
    ['asks who that is', { kind: 'status', status: 401 }, 'set HF_TOKEN to a token that may'],
    ['refuses', { kind: 'status', status: 403 }, 'set HF_TOKEN to a token that may'],
    ['is broken', { kind: 'status', status: 500 }, 'busy or broken (500)'],
    ['is gone', { kind: 'status', status: 410 }, 'status 410'],
    ['sends to a login page', { kind: 'login' }, 'a web page came in place of the file'],
    ['ends too early each time', { kind: 'short', after: 0 }, 'cut short at 0 of 5000 bytes'],
    ['hangs up each time', { kind: 'cut', after: 0 }, 'connection to the hub failed'],
    [
      'sends wrong bytes',
      { kind: 'content', content: Buffer.alloc(5000, 'x') },
      /has the hash \w+/,
    ],
    ['sends too much', { kind: 'content', content: Buffer.alloc(6000, 'x') }, 'more than the 5000'],
  ];
  it.each(cases)('one that %s is one sentence and no model', async (_, how, words) => {
    bench.hub.misbehave('textual/text.onnx_data', how);
    const { code, detail } = expectFailure(await bench.ensure());
    expect(detail).toMatch(/^Cannot pull the model as [^\n]+$/);
    expect(detail).toMatch(words);
    expect(detail).toContain('textual/text.onnx_data');
    expect(code).toBe(detail.includes('the hash') ? 'invalid_model' : 'model_unavailable');
    expect(existsSync(bench.lockPath)).toBe(false);
    expectFailure(await readModelDirectory(bench.directory));
    await bench.expectGoodPull();
  });

  it('one that hangs is given up when nothing came for the time that is set', async () => {
    bench.hub.misbehave('textual/text.onnx_data', { kind: 'hang', after: 0 });
    const failed = expectFailure(await bench.ensure({ idleTimeoutMs: 100 }));
    expect(failed.detail).toContain('nothing came for 0.1 s');
    expectFailure(await readModelDirectory(bench.directory));
    await bench.expectGoodPull();
  });

  it('one that fails twice and then works is tried three times', async () => {
    bench.hub.misbehave('textual/text.onnx_data', { kind: 'status', status: 503 }, 2);
    expectOk(await bench.ensure());
    expect(bench.rangesOf('textual/text.onnx_data')).toHaveLength(3);
  });

  it('one that says how long to wait is waited for so long', async () => {
    const how = { kind: 'status', status: 429, retryAfter: 0 } as const;
    bench.hub.misbehave('textual/text.onnx_data', how, 1);
    expect(expectOk(await bench.ensure({ retryDelayMs: 3_600_000 }))).toBe(bench.directory);
  });

  it('one whose API is a sign-in page is named as such', async () => {
    bench.hub.misbehave(`/api/models/${hubModel.from.repository}/revision/main`, { kind: 'login' });
    expect(expectFailure(await bench.ensure()).detail).toContain('a web page came');
  });

  it('one that cannot be reached is named', async () => {
    const { endpoint } = bench.hub;
    await bench.replaceHub();
    const failed = expectFailure(await bench.ensure({ endpoint }));
    expect(failed).toMatchObject({ code: 'model_unavailable' });
    expect(failed.detail).toContain('ECONNREFUSED');
    await bench.expectGoodPull();
  });

  it('one that no longer has a file of the entry is told before anything is fetched', async () => {
    bench.hub.files.delete('visual/image.onnx');
    const { detail } = expectFailure(await bench.ensure());
    expect(detail).toContain(`${hubModel.from.repository}/visual/image.onnx`);
    expect(bench.pathsOfFiles()).toEqual([]);
  });
});

describe('a hub that is not to be trusted', () => {
  it('cannot have a file written outside the directory of the model', async () => {
    bench.hub.files.set('textual/text.onnx_data\\..\\..\\evil', Buffer.from('x'));
    const { code, detail } = expectFailure(await bench.ensure());
    expect(code).toBe('invalid_model');
    expect(detail).toContain('a path that leads elsewhere');
    expect(bench.pathsOfFiles()).toEqual([]);
  });
});

describe('a token', () => {
  it('goes to the hub, and not to the host that the hub sends to', async () => {
    const elsewhere = await createModelServer({
      repository: hubModel.from.repository,
      commit: hubCommit,
      files: Object.fromEntries(bench.hub.files),
    });
    bench.hub.misbehave('textual/text.onnx', { kind: 'redirect', to: elsewhere.endpoint });
    expectOk(await bench.ensure({ token: 'hf_secret' }));
    await elsewhere.close();
    expect(new Set(bench.hub.requests.map(({ authorization }) => authorization))).toEqual(
      new Set(['Bearer hf_secret']),
    );
    expect(elsewhere.requests).toHaveLength(1);
    expect(elsewhere.requests[0]?.authorization).toBeUndefined();
  });

  it('that is not accepted is named', async () => {
    bench.hub.misbehave('textual/text.onnx', { kind: 'status', status: 403 });
    const { detail } = expectFailure(await bench.ensure({ token: 'hf_secret' }));
    expect(detail).toContain('does not accept HF_TOKEN');
    expect(detail).not.toContain('hf_secret');
  });
});
