import { describe, expect, it } from 'vitest';
import { createEmfCollection } from '../../adapters/emf-collection.ts';
import { failure } from '../../core/failure.ts';
import { err, ok } from '../../core/result.ts';
import { createLog } from '../../test/support/search-app.ts';
import { createPublishGeneration } from './app.ts';

const written = '2026-05-04T03:02:01Z';
const writtenMs = Date.parse(written);

function announcement(key = '.picture-search/generation', time = written) {
  return {
    version: '0',
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time,
    detail: { bucket: { name: 'pictures' }, object: { key, size: 23, sequencer: '0062' } },
  };
}

/** Time goes on when somebody waits, and not else. */
function createWorld(startMs = writtenMs) {
  let nowMs = startMs;
  const puts: { value: string; atMs: number }[] = [];
  const lines: string[] = [];
  const log = createLog();
  let isDown = false;
  const publish = createPublishGeneration({
    generations: {
      async put(key, value) {
        expect(key).toBe('generation');
        if (isDown) return err(failure('objects_unavailable', 'Cannot write as it is down'));
        puts.push({ value, atMs: nowMs });
        return ok(undefined);
      },
    },
    metrics: createEmfCollection({
      epochMs: () => nowMs,
      write: (line) => void lines.push(line),
      namespace: 'Test',
      service: 'publish-generation',
      environment: 'test',
    }),
    logger: log,
    epochMs: () => nowMs,
    wait: async (ms) => void (nowMs += ms),
  });
  return {
    publish,
    puts,
    lines,
    log,
    now: () => nowMs,
    pass: (ms: number) => void (nowMs += ms),
    breakDown: (down: boolean) => void (isDown = down),
  };
}

describe('an announcement', () => {
  it('becomes a new generation when the caches behind have forgotten what was before', async () => {
    const { publish, puts } = createWorld();
    await publish(announcement());
    expect(puts).toHaveLength(1);
    // The event names the second alone, and a generation that ends soon does within one.
    expect((puts[0]?.atMs ?? 0) - writtenMs).toBeGreaterThanOrEqual(2000);
  });

  it('that comes late is published at once', async () => {
    const { publish, puts, now } = createWorld(writtenMs + 60_000);
    await publish(announcement());
    expect(puts[0]?.atMs).toBe(writtenMs + 60_000);
    expect(now()).toBe(writtenMs + 60_000);
  });

  it('of a clock that is ahead is not waited for for long', async () => {
    const { publish, puts, now } = createWorld(writtenMs - 3_600_000);
    await publish(announcement());
    expect(puts).toHaveLength(1);
    expect(now() - (writtenMs - 3_600_000)).toBeLessThan(10_000);
  });

  it('never brings a generation back, in whatever order they come', async () => {
    const { publish, puts, pass } = createWorld(writtenMs + 60_000);
    await publish(announcement(undefined, '2026-05-04T03:03:00Z'));
    pass(5000);
    await publish(announcement(undefined, '2026-05-04T03:03:10Z'));
    pass(10_000);
    await publish(announcement(undefined, '2026-05-04T03:03:20Z'));
    const values = puts.map(({ value }) => value);
    expect(values).toHaveLength(3);
    expect(new Set(values).size).toBe(3);
    // It is a header of a request: nothing that would have to be escaped.
    for (const value of values) expect(value).toMatch(/^[\w-]{8,64}$/);
  });

  it('that comes twice is published once', async () => {
    const { publish, puts, lines } = createWorld();
    await publish(announcement());
    await publish(announcement());
    expect(puts).toHaveLength(1);
    expect(lines.join('')).toContain('"generations_skipped":1');
  });

  it('that cannot be published fails, for Lambda to try again', async () => {
    const { publish, puts, lines, breakDown } = createWorld();
    breakDown(true);
    await expect(publish(announcement())).rejects.toThrow('Cannot write as it is down');
    expect(lines.join('')).toContain('"generations_published":0');
    breakDown(false);
    await publish(announcement());
    expect(puts).toHaveLength(1);
  });

  it.each([
    ['another object', announcement('.picture-search/thumbnails/1.webp')],
    ['another message', { Records: [] }],
    ['nothing', undefined],
  ])('is not what %s is, which is said and not tried again', async (_, event) => {
    const { publish, puts, log } = createWorld();
    await publish(event);
    expect(puts).toEqual([]);
    expect(log.lines).toMatchObject([{ level: 'warn' }]);
  });
});
