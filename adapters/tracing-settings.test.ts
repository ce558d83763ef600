import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseEnv } from '../core/env.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createLog } from '../test/support/search-app.ts';
import { openTracer } from './open-tracer.ts';
import { TracingSettings } from './tracing-settings.ts';

const Settings = z.object(TracingSettings);
const endpoint = 'http://127.0.0.1:4318';

describe('the settings of traces', () => {
  it('are read under their usual names', () => {
    const settings = parseEnv(Settings, {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=pictures, authorization=Bearer%20a%3Db',
      OTEL_SERVICE_NAME: 'front',
      OTEL_TRACES_SAMPLER_ARG: '0.05',
    });
    expect(expectOk(settings)).toEqual({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: { 'x-team': 'pictures', authorization: 'Bearer a=b' },
      OTEL_SERVICE_NAME: 'front',
      OTEL_TRACES_SAMPLER_ARG: 0.05,
    });
  });

  it.each(['secret-1', 'a=1,,b=2', 'a b=secret-1', 'a=%secret-1', '=secret-1'])(
    'refuse headers %j, and do not repeat them',
    (headers) => {
      const failed = expectFailure(parseEnv(Settings, { OTEL_EXPORTER_OTLP_HEADERS: headers }));
      expect(failed.detail).toContain('OTEL_EXPORTER_OTLP_HEADERS');
      expect(JSON.stringify(failed)).not.toContain('secret-1');
    },
  );

  it('refuse what is no collector and no share', () => {
    for (const [name, value] of [
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
      ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ] as const) {
      expect(expectFailure(parseEnv(Settings, { [name]: value })).detail).toContain(name);
    }
  });
});

describe('the tracer of the settings', () => {
  it('is none where no collector is named', async () => {
    const settings = expectOk(parseEnv(Settings, {}));
    expect(await openTracer(settings, 'edge', createLog())).toBeUndefined();
  });

  it('makes spans where one is', async () => {
    const settings = expectOk(parseEnv(Settings, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }));
    const tracer = await openTracer(settings, 'edge', createLog());
    expect(tracer?.start('one').traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    await tracer?.close();
  });
});
