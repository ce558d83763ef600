import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { Hono } from 'hono';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { openTracer } from '../adapters/open-tracer.ts';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import type { Async } from '../core/failure.ts';
import type { ModelInfo } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { listen, type RunningServer } from '../http/server.ts';
import { runCommand } from './command.ts';
import { indexDemoPictures } from './demo.ts';
import type { Intake } from './intake.ts';
import { createLocalApp } from './local-app.ts';
import { openIntake } from './open-intake.ts';
import { type Opened, withEngine } from './open-local.ts';
import { buildPage } from './page-build.ts';

const help = `Search pictures by text, on this machine: one process, nothing else needed.

  npm start
  npm start -- --local-aws   uploads as on AWS: to a bucket, whose queue a function works off

An empty index is first filled with demo pictures. For your own: npm run index -- <folder>, or upload
them on the page: they go to the folder uploads in DATA_DIR. With --local-aws they go to a bucket
(S3 and SQS over their protocols, in this process and for this machine alone), which is kept in
local-aws in DATA_DIR.
Settings are environment variables, or lines in .env; .env.example explains each. Most wanted:

  API_HOST=127.0.0.1   who may connect (0.0.0.0: everyone on the network)
  API_PORT=8000        without it the next free port is taken
  DATA_DIR=.data       where the index, uploads and pulled models are
  LOCAL_AWS_PORT=4566  of S3 and SQS with --local-aws; 0: any that is free
  REDIS_ENABLED=true REDIS_HOST=localhost REDIS_PORT=6379
                       keep answers in Redis instead of this process
  CLIP_MODEL_NAME=ViT-B-32 CLIP_PRETRAINED=openai
                       another model than the built-in one; npm run models -- list shows all
`;

const options = {
  'local-aws': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const drainTimeoutMs = 25_000;
const portsToTry = 20;

const now = () => performance.now();
const metrics = createPrometheusMetrics(now, { ofProcess: true });

await runCommand(async (args) => {
  const { values } = parseArgs({ args, options });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  return withEngine(async (opened) => {
    const { engine, config } = opened;
    const stop = new AbortController();
    for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => stop.abort());
    const demo = await indexDemoPictures(engine, config.DATA_DIR, stop.signal);
    if (stop.signal.aborted) return ok(130);
    if (!demo.ok) return demo;
    return serve(opened, stop.signal, values['local-aws']);
  }, metrics);
});

async function serve(opened: Opened, stopped: AbortSignal, localAws: boolean): Async<number> {
  const { config, engine, front, frontConfig, logger } = opened;
  const tracer = await openTracer(frontConfig, 'picture-search', logger);
  const cache = front.cache ?? createMemoryCache({ now });
  let origins: readonly string[] = [];
  const page = await buildPage();
  if (!page.ok) return page;
  const intake = await openIntake(opened, { cache, localAws, origins: () => origins });
  if (!intake.ok) return intake;
  const parts = { cache, intake: intake.value, tracer, page: page.value, metrics, now };
  const app = createLocalApp(opened, parts);
  const server = await listenSomewhere(app, config);
  if (server.ok) {
    origins = originsOf(config, server.value.port);
    greet(origins[0] ?? '', engine.encoder.model, intake.value);
    if (!stopped.aborted) await once(stopped, 'abort');
    await server.value.close(drainTimeoutMs);
  }
  await intake.value.close();
  await tracer?.close();
  return server.ok ? ok(0) : server;
}

/** A port that was asked for is that port or nothing; otherwise the next free one will do. */
async function listenSomewhere(
  { fetch }: Hono,
  { API_HOST: hostname, API_PORT }: GpuServiceConfig,
): Async<RunningServer> {
  const asked = (process.env['API_PORT'] ?? '') !== '';
  const last = asked ? API_PORT : API_PORT + portsToTry - 1;
  for (let port = API_PORT; ; port += 1) {
    const server = await listen({ fetch, hostname, port });
    if (server.ok || port >= last || server.error.code !== 'address_in_use') return server;
    process.stderr.write(`Port ${port} is taken, trying the next.\n`);
  }
}

/** What the page is called in a browser, the best name first. */
function originsOf({ API_HOST }: GpuServiceConfig, port: number): readonly string[] {
  const isHere = API_HOST === '127.0.0.1' || API_HOST === '0.0.0.0';
  const named = API_HOST.includes(':') ? `[${API_HOST}]` : API_HOST;
  const hosts = [...(isHere ? [] : [named]), 'localhost', '127.0.0.1'];
  return hosts.map((host) => `http://${host}:${port}`);
}

function greet(origin: string, { id, device }: ModelInfo, { says }: Intake): void {
  process.stdout.write(`
Ready: ${origin} (model ${id} on ${device})

  curl -X POST ${origin}/search -H 'content-type: application/json' \\
    -d '{"query": "a dog", "top_k": 5}'

${says.join('\n')}

API: ${origin}/docs · your own pictures: npm run index -- <folder> · Ctrl+C stops.
`);
}
