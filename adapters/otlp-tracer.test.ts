import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTimings } from '../core/timings.ts';
import { type Collector, startCollector } from '../test/support/otlp-collector.ts';
import { createLog } from '../test/support/search-app.ts';
import { createOtlpTracer, type OtlpTracer, type OtlpTracerOptions } from './otlp-tracer.ts';

const kinds = { internal: 1, server: 2, client: 3 };
const parentId = '00f067aa0ba902b7';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

let collector: Collector;
let status: number | undefined;
beforeEach(async () => {
  status = 200;
  collector = await startCollector(() => status);
});
afterEach(() => collector.close());

describe('a trace', () => {
  it('goes on from one process to the next, with the header', async () => {
    const edge = createTracer({ serviceName: 'edge' });
    const service = createTracer({ serviceName: 'gpu-service' });
    const atEdge = edge.start('POST /search');
    const asked = atEdge.child('remote', 'client');
    const atService = service.start('POST /search at the service', asked.traceparent);
    const encoding = atService.child('encode');
    encoding.end();
    atService.end();
    asked.end();
    atEdge.end();
    await Promise.all([edge.close(), service.close()]);

    const [first, second, third, fourth] = [
      'POST /search',
      'remote',
      'POST /search at the service',
      'encode',
    ].map((name) => collector.spanNamed(name));
    expect(new Set(collector.spans.map((span) => span.traceId))).toHaveLength(1);
    expect(first).toMatchObject({ service: 'edge', kind: kinds.server });
    expect(first).not.toHaveProperty('parentSpanId');
    expect(second).toMatchObject({ parentSpanId: first?.spanId, kind: kinds.client });
    expect(third).toMatchObject({
      service: 'gpu-service',
      parentSpanId: second?.spanId,
      kind: kinds.server,
    });
    expect(fourth).toMatchObject({ parentSpanId: third?.spanId, kind: kinds.internal });
    expect(asked.traceparent).toBe(`00-${first?.traceId}-${second?.spanId}-01`);
  });

  it('has the stages that a request is timed by', async () => {
    const tracer = createTracer();
    const span = tracer.start('POST /search');
    const timings = createTimings(() => performance.now(), span);
    await timings.measure('encode', () => new Promise((resolve) => setTimeout(resolve, 20)));
    span.end();
    await tracer.close();
    const [whole, encode] = ['POST /search', 'encode'].map(collector.spanNamed);
    if (whole === undefined || encode === undefined) throw new Error('A span is missing');
    expect(encode.parentSpanId).toBe(whole.spanId);
    expect(encode.endTimeUnixNano - encode.startTimeUnixNano).toBeGreaterThan(15_000_000n);
    expect(encode.startTimeUnixNano).toBeGreaterThanOrEqual(whole.startTimeUnixNano);
    expect(encode.endTimeUnixNano).toBeLessThanOrEqual(whole.endTimeUnixNano);
  });

  it('goes on where its caller stopped, and is kept only if the caller keeps it', async () => {
    const tracer = createTracer({ sampleRatio: 0 });
    tracer.start('kept', `00-${traceId}-${parentId}-01`).end();
    const left = tracer.start('left out', `00-${traceId}-${parentId}-00`);
    left.child('left out too').end();
    left.end();
    tracer.start('not chosen').end();
    await tracer.close();
    expect(collector.spans.map(({ name }) => name)).toEqual(['kept']);
    expect(collector.spanNamed('kept')).toMatchObject({ traceId, parentSpanId: parentId });
    expect(left.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    expect(left.traceparent).not.toContain(parentId);
  });

  it('begins anew where the header is none', async () => {
    const tracer = createTracer();
    tracer.start('new', `00-${'0'.repeat(32)}-${parentId}-01`).end();
    await tracer.close();
    expect(collector.spanNamed('new')).not.toHaveProperty('parentSpanId');
    expect(collector.spanNamed('new').traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
  });

  it('is kept as often as asked', async () => {
    const tracer = createTracer({ sampleRatio: 0.25 });
    for (let n = 0; n < 1000; n += 1) tracer.start('one').end();
    await tracer.close();
    expect(collector.spans.length).toBeGreaterThan(150);
    expect(collector.spans.length).toBeLessThan(350);
  });

  it('says what failed, and whose fault it was', async () => {
    const tracer = createTracer();
    for (const code of ['ok', 'invalid_field', 'overloaded', 'internal']) {
      const span = tracer.start(code);
      span.label('http.response.status_code', 200);
      span.end(code);
      span.end('timeout');
    }
    tracer.start('client parent').child('client', 'client').end('invalid_field');
    await tracer.close();
    const outcome = (name: string) => {
      const { attributes, status: spanStatus } = collector.spanNamed(name);
      return [attributes['error.type'], spanStatus.code];
    };
    expect(outcome('ok')).toEqual([undefined, 0]);
    expect(outcome('invalid_field')).toEqual(['invalid_field', 0]);
    expect(outcome('overloaded')).toEqual(['overloaded', 2]);
    expect(outcome('internal')).toEqual(['internal', 2]);
    expect(outcome('client')).toEqual(['invalid_field', 2]);
    expect(collector.spanNamed('ok').attributes['http.response.status_code']).toBe(200);
  });
});

describe('a collector', () => {
  it('is asked at its path, with the headers that it wants', async () => {
    const tracer = createTracer({
      headers: { 'x-team': 'pictures' },
      endpoint: `${collector.url}/`,
    });
    tracer.start('one').end();
    await tracer.close();
    expect(collector.requests).toMatchObject([
      { path: '/v1/traces', headers: { 'x-team': 'pictures' } },
    ]);
  });

  it('is sent what has ended when somebody asks for it', async () => {
    const tracer = createTracer();
    tracer.start('one').end();
    await tracer.flush();
    expect(collector.spans).toHaveLength(1);
    tracer.start('two').end();
    await tracer.close();
    expect(collector.spans).toHaveLength(2);
  });

  it('that refuses is told of once, until it takes spans again', async () => {
    const log = createLog();
    const tracer = createTracer({ logger: log });
    const send = async (answer: number) => {
      status = answer;
      tracer.start('one').end();
      await tracer.flush();
    };
    await send(400);
    await send(400);
    expect(log.lines).toEqual([{ level: 'warn', message: expect.stringContaining('Cannot') }]);
    await send(200);
    await send(400);
    expect(log.lines).toHaveLength(2);
    expect(collector.spans).toHaveLength(1);
    await tracer.close();
  });

  it('that never answers holds nobody up', async () => {
    status = undefined;
    const tracer = createTracer({ timeoutMs: 300 });
    // More than may wait: what is too much is dropped.
    for (let n = 0; n < 5000; n += 1) tracer.start('one').end();
    await tracer.close();
    expect(collector.requests.length).toBeGreaterThan(0);
    expect(collector.spans).toEqual([]);
  });

  it('that is not there is no reason to fail', async () => {
    await collector.close();
    const log = createLog();
    const tracer = createTracer({ timeoutMs: 300, logger: log });
    tracer.start('one').end();
    await tracer.flush();
    await tracer.close();
    await tracer.close();
    expect(log.lines).toHaveLength(1);
    collector = await startCollector();
  });
});

function createTracer(options: Partial<OtlpTracerOptions> = {}): OtlpTracer {
  return createOtlpTracer({
    endpoint: collector.url,
    serviceName: 'test',
    sampleRatio: 1,
    logger: createLog(),
    ...options,
  });
}
