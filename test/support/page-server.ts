import type { Hono } from 'hono';
import { createDirectoryObjects } from '../../adapters/directory-objects.ts';
import { createMemoryCache } from '../../adapters/memory-cache.ts';
import { createMemoryStore } from '../../adapters/memory-store.ts';
import { createProcessLogger } from '../../adapters/process-logger.ts';
import { createPrometheusMetrics } from '../../adapters/prometheus-metrics.ts';
import type { ApiKey } from '../../core/api-keys.ts';
import type { Cache } from '../../core/ports.ts';
import { openFront } from '../../edge/front.ts';
import { listen } from '../../http/server.ts';
import type { Intake } from '../../scripts/intake.ts';
import { createLocalApp } from '../../scripts/local-app.ts';
import { openIntake } from '../../scripts/open-intake.ts';
import { type Opened, readLocalConfig, readLocalFront } from '../../scripts/open-local.ts';
import { expectOk } from './expect-ok.ts';
import type { PageIndex } from './page-index.ts';

export interface PageServerOptions {
  readonly index: PageIndex;
  /** Where the page was built. */
  readonly pageFolder: string;
  /** Empty. */
  readonly dataDirectory: string;
  /** Whether it takes pictures. */
  readonly uploads: boolean;
  /** Further settings, such as of a language model. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface AskedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
}

/** What `npm start` serves, in this process, with what may go wrong at the flick of a switch. */
export interface PageServer {
  readonly origin: string;
  /** What was asked for, in order. */
  readonly asked: readonly AskedRequest[];
  /** From now on nobody is answered without one of these keys. */
  wantKeys(keys: readonly ApiKey[]): void;
  /** Lists that are read page by page cannot be read on. */
  forgetLists(): void;
  /** Ends every connection, and takes none until it is back. */
  goOffline(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

const now = () => performance.now();
const logger = createProcessLogger('silent');

export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { encoder, points } = options.index;
  const store = createMemoryStore({ dimensions: encoder.model.dimensions });
  expectOk(await store.upsert(points));
  const { cache, forget } = createForgetfulCache();
  const engine = { encoder, bareEncoder: encoder, store };
  const opened = openWith(engine, options);
  const intake = options.uploads
    ? expectOk(await openIntake(opened, { cache, localAws: false, origins: () => [] }, {}))
    : noIntake;
  const metrics = createPrometheusMetrics(now);
  const parts = { cache, intake, tracer: undefined, page: options.pageFolder, metrics, now };
  const asked: AskedRequest[] = [];
  let app = createLocalApp(opened, parts);
  const fetch = (request: Request) => {
    const { pathname, search } = new URL(request.url);
    asked.push({ method: request.method, path: `${pathname}${search}` });
    return app.fetch(request);
  };
  let server = await start(fetch, 0);
  const { port } = server;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    wantKeys(keys) {
      const env = { API_KEYS: JSON.stringify(keys), API_KEYS_REQUIRED: 'true' };
      app = createLocalApp(openWith(engine, options, env), parts);
    },
    forgetLists: forget,
    goOffline: () => server.close(0),
    async comeBack() {
      server = await start(fetch, port);
    },
    async close() {
      await server.close(0);
      await intake.close();
    },
  };
}

async function start(fetch: Hono['fetch'], port: number) {
  return expectOk(await listen({ fetch, hostname: '127.0.0.1', port }));
}

/** As if these were its settings, and its index had been opened. */
function openWith(
  engine: Opened['engine'],
  { dataDirectory, env = {} }: PageServerOptions,
  more: Readonly<Record<string, string>> = {},
): Opened {
  const settings = { DATA_DIR: dataDirectory, ...env, ...more };
  const frontConfig = expectOk(readLocalFront(settings));
  const front = openFront(frontConfig, logger, now);
  return { engine, config: expectOk(readLocalConfig(settings)), front, frontConfig, logger };
}

const noIntake: Intake = {
  edge: {},
  objectsOf: createDirectoryObjects,
  says: [],
  close: async () => {},
};

function createForgetfulCache(): { readonly cache: Cache; forget(): void } {
  let memory = createMemoryCache({ now });
  const cache: Cache = {
    kind: memory.kind,
    get: (keys) => memory.get(keys),
    set: (key, value, options) => memory.set(key, value, options),
    remove: (key) => memory.remove(key),
    shorten: (key, ttlSeconds) => memory.shorten(key, ttlSeconds),
    isConnected: () => memory.isConnected(),
    close: () => memory.close(),
  };
  return { cache, forget: () => (memory = createMemoryCache({ now })) };
}
