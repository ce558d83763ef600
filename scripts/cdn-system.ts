import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createMemoryCache } from '../adapters/memory-cache.ts';
import { withAnnouncements } from '../core/announced-generation.ts';
import type { Async } from '../core/failure.ts';
import { createGeneration } from '../core/generation.ts';
import { ok } from '../core/result.ts';
import { createPublishGeneration } from '../functions/publish-generation/app.ts';
import { startCloudFront } from '../test/support/cloudfront.ts';
import { synthesizeDistribution } from '../test/support/cloudfront-stack.ts';
import { startReal } from './cache-servers.ts';

export interface CdnSystem {
  /** `npm start` itself, and what stands for CloudFront before it. */
  readonly serverUrl: string;
  readonly cdnUrl: string;
  /** As the function that indexes says that the index has changed. */
  announce(): Promise<void>;
  /** How many generations CloudFront was told of. */
  published(): number;
  stop(): Promise<void>;
}

/** Until every place of CloudFront's has a key that was written: AWS says a few seconds. */
export const propagationMs = 2000;

/** What is deployed, as far as it runs on one machine: rules and functions are those of the template. */
export async function startCdnSystem(cdnSeconds: number): Async<CdnSystem> {
  const directory = await mkdtemp(join(os.tmpdir(), 'cdn-'));
  const remove = () => rm(directory, { recursive: true, force: true });
  const env = { DATA_DIR: directory, CDN_CACHE_SECONDS: String(cdnSeconds), TRUSTED_PROXIES: '1' };
  const server = await startReal({ cache: 'memory', guarded: false, env });
  if (!server.ok) return remove().then(() => server);
  const keys = createKeys();
  const cdn = await startCloudFront({
    rules: synthesizeDistribution(cdnSeconds),
    originUrl: server.value.url,
    keys,
  });
  const generation = createAnnounced(keys.set);
  return ok({
    serverUrl: server.value.url,
    cdnUrl: cdn.url,
    async announce() {
      await generation.endSoon();
    },
    published: keys.changes,
    async stop() {
      await cdn.close();
      await server.value.stop();
      await remove();
    },
  });
}

function createKeys() {
  const values = new Map([['generation', '0']]);
  let changes = 0;
  return {
    async get(key: string) {
      return values.get(key) ?? Promise.reject(new Error(`There is no such key: ${key}`));
    },
    set(key: string, value: string) {
      changes += 1;
      values.set(key, value);
    },
    changes: () => changes,
  };
}

/** The announcement in the bucket, its event and its function, and the way of a key to the edge. */
function createAnnounced(set: (key: string, value: string) => void) {
  const [now, logger] = [() => performance.now(), { info: () => {}, warn: () => {} }];
  const publish = createPublishGeneration({
    generations: {
      async put(key, value) {
        await pause(propagationMs);
        set(key, value);
        return ok(undefined);
      },
    },
    metrics: { add: () => {}, count: () => {}, flush: () => {} },
    logger,
    epochMs: Date.now,
  });
  const put = async (key: string) => {
    // EventBridge names no parts of a second.
    const time = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
    void publish({ time, detail: { object: { key } } });
    return ok(undefined);
  };
  const cache = createMemoryCache({ now });
  const parts = { cache, index: 'images', objects: { put }, logger };
  return withAnnouncements(createGeneration(cache, 'images'), parts);
}
