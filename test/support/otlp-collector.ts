import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';

const Value = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.number(), z.string()]).optional(),
  doubleValue: z.number().optional(),
  boolValue: z.boolean().optional(),
});
const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .default([])
  .transform((pairs) =>
    Object.fromEntries(
      pairs.map(({ key, value }) => [key, Object.values(value).find((one) => one !== undefined)]),
    ),
  );
const OtlpSpan = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes: Attributes,
  status: z.object({ code: z.number().default(0) }),
});
const Export = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(OtlpSpan) })),
    }),
  ),
});

export interface CollectedSpan extends z.output<typeof OtlpSpan> {
  readonly service: unknown;
}

export interface Collector {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  readonly requests: readonly { readonly path: string; readonly headers: object }[];
  spanNamed(name: string): CollectedSpan;
  close(): Promise<void>;
}

/**
 * A collector that takes OTLP over HTTP and keeps the spans. `answer` says how: with a status, or
 * never (`undefined`).
 */
export async function startCollector(
  answer: () => number | undefined = () => 200,
): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const requests: { path: string; headers: object }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', headers: request.headers });
      const status = answer();
      if (status === 200) spans.push(...spansOf(body));
      if (status !== undefined) response.writeHead(status).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    requests,
    spanNamed(name) {
      const found = spans.filter((span) => span.name === name);
      const [span] = found;
      if (found.length !== 1 || span === undefined) {
        throw new Error(`There are ${found.length} spans ${name} among ${spans.length}`);
      }
      return span;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function spansOf(body: string): CollectedSpan[] {
  return Export.parse(JSON.parse(body)).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({ ...span, service: resource.attributes['service.name'] })),
    ),
  );
}
