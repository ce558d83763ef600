import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { openTracer } from '../adapters/open-tracer.ts';
import { createPrometheusMetrics } from '../adapters/prometheus-metrics.ts';
import type { Async } from '../core/failure.ts';
import type { ModelInfo, Tracer } from '../core/ports.ts';
import { ok } from '../core/result.ts';
import { createEdge } from '../edge/app.ts';
import { createLocalSearch } from '../gpu-service/app.ts';
import type { GpuServiceConfig } from '../gpu-service/config.ts';
import { createPage } from '../http/page.ts';
import { createPictures, pictureUrls } from '../http/pictures.ts';
import { listen, type RunningServer } from '../http/server.ts';
import { runCommand } from './command.ts';
import { indexDemoPictures } from './demo.ts';
import { localIndexOf, type Opened, withEngine } from './open-local.ts';

const help = `Search pictures by text, on this machine: one process, nothing else needed.

  npm start

An empty index is first filled with demo pictures. For your own: npm run index -- <folder>.
Settings are environment variables, or lines in .env; .env.example explains each. Most wanted:

  API_HOST=127.0.0.1   who may connect (0.0.0.0: everyone on the network)
  API_PORT=8000        without it the next free port is taken
  DATA_DIR=.data       where the index and pulled models are
  REDIS_ENABLED=true REDIS_HOST=localhost REDIS_PORT=6379
                       keep answers in Redis instead of this process
  CLIP_MODEL_NAME=ViT-B-32 CLIP_PRETRAINED=openai
                       another model than the built-in one; npm run models -- list shows all
`;

const drainTimeoutMs = 25_000;
const portsToTry = 20;

const now = () => performance.now();
const metrics = createPrometheusMetrics(now, { ofProcess: true });

await runCommand(async (args) => {
  const { values } = parseArgs({ args, options: { help: { type: 'boolean', default: false } } });
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
    const tracer = await openTracer(opened.frontConfig, 'picture-search', opened.logger);
    const server = await listenSomewhere(createLocalApp(opened, tracer), config);
    if (!server.ok) return server;
    greet(config, server.value.port, engine.encoder.model);
    if (!stop.signal.aborted) await once(stop.signal, 'abort');
    await server.value.close(drainTimeoutMs);
    await tracer?.close();
    return ok(0);
  }, metrics);
});

/** The edge on a search of its own, with the page in front of it and the pictures beside it. */
function createLocalApp(
  { engine, config, front, frontConfig, logger }: Opened,
  tracer: Tracer | undefined,
) {
  const page = createPage(fileURLToPath(new URL('../web', import.meta.url)));
  const maxSearches = config.MAX_CONCURRENT_SEARCHES;
  const parts = { ...engine, urlsOf: pictureUrls, metrics, maxSearches };
  const lists = { cache: front.cache ?? createMemoryCache({ now }), index: localIndexOf(config) };
  // Others write to Qdrant too, and only a Redis that all share tells that they did.
  const isAlone = config.VECTOR_STORE === 'embedded';
  const ttlSeconds = frontConfig.REDIS_CACHE_TTL;
  const app = createEdge({
    ...parts,
    ...createLocalSearch(parts),
    ...front,
    lists,
    cached:
      isAlone || front.cache
        ? { ...lists, modelId: engine.encoder.model.id, ttlSeconds }
        : undefined,
    openRoutes: page.routes.map(({ path }) => path),
    logger,
    tracer,
    now,
    timeoutMs: config.REQUEST_TIMEOUT_MS,
  });
  app.route('/', createPictures({ store: engine.store, objectsOf: createDirectoryObjects }));
  app.route('/', page);
  return app;
}

/** A port that was asked for is that port or nothing; otherwise the next free one will do. */
async function listenSomewhere(
  { fetch }: ReturnType<typeof createLocalApp>,
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

function greet({ API_HOST }: GpuServiceConfig, port: number, { id, device }: ModelInfo): void {
  const host = API_HOST === '127.0.0.1' || API_HOST === '0.0.0.0' ? 'localhost' : API_HOST;
  process.stdout.write(`
Ready: http://${host}:${port} (model ${id} on ${device})

  curl -X POST http://${host}:${port}/search -H 'content-type: application/json' \\
    -d '{"query": "a dog", "top_k": 5}'

API: http://${host}:${port}/docs · your own pictures: npm run index -- <folder> · Ctrl+C stops.
`);
}
