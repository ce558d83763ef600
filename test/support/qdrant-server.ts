import { connectNodeAdapter } from '@connectrpc/connect-node';
import { createCallInterceptor, type QdrantCall } from './qdrant-calls.ts';
import { createCollectionsService } from './qdrant-collections-service.ts';
import { createQdrantFaults, type QdrantFaults } from './qdrant-faults.ts';
import { createQdrantListener, type TlsKeyPair } from './qdrant-listener.ts';
import { createQdrantNodes } from './qdrant-nodes.ts';
import { createPointsService } from './qdrant-points-service.ts';
import { Collections, Points, Qdrant, Snapshots } from './qdrant-protocol.ts';
import { startQdrantRest } from './qdrant-rest.ts';
import { createQdrantSnapshots } from './qdrant-snapshots.ts';
import { createQdrantStorage, type QdrantStorage } from './qdrant-storage.ts';

export type QdrantVersion = '1.16' | '1.17' | '1.18' | '1.19';

export interface QdrantOptions {
  readonly version?: QdrantVersion;
  /** Asked of every caller where it is set. */
  readonly apiKey?: string;
  readonly readOnlyApiKey?: string;
  readonly tls?: TlsKeyPair;
  /** The port of the REST face; 0 for any. Left out: there is none. */
  readonly restPort?: number;
  /** Shards and replicas on simulated nodes, behind the one port. */
  readonly cluster?: { readonly nodes: number };
}

export interface RunningQdrant {
  readonly host: string;
  /** gRPC. */
  readonly port: number;
  /** REST; 0 where there is none. */
  readonly restPort: number;
  /** `http://127.0.0.1:port`, or https. */
  readonly url: string;
  readonly faults: QdrantFaults;
  /** The last 2,000 calls. A test may empty it. */
  readonly calls: QdrantCall[];
  readonly storage: QdrantStorage;
  stop(): Promise<void>;
}

/**
 * A gRPC server that speaks as Qdrant does, over the descriptors of Qdrant's own client package. All in
 * memory, every search exact; it can be broken in the ways that a server breaks.
 */
export async function startQdrant(options: QdrantOptions = {}): Promise<RunningQdrant> {
  const { version = '1.19', tls, restPort } = options;
  const calls: QdrantCall[] = [];
  const nodes = createQdrantNodes(options.cluster?.nodes ?? 1);
  const storage = createQdrantStorage(nodes);
  const snapshots = createQdrantSnapshots(storage);
  const listener = createQdrantListener((request, response) => answer(request, response), tls);
  const { faults, gate } = createQdrantFaults(storage, listener);
  const answer = connectNodeAdapter({
    interceptors: [createCallInterceptor(calls, gate, options)],
    routes(router) {
      router.service(Qdrant, {
        healthCheck: () => ({
          title: 'qdrant - vector search engine',
          version: `${version}.0`,
        }),
      });
      router.service(Collections, createCollectionsService({ storage, faults, version }));
      router.service(Points, createPointsService({ storage, version }));
      router.service(Snapshots, snapshots.service);
    },
  });
  await listener.open();
  const rest =
    restPort === undefined
      ? undefined
      : await startQdrantRest({ port: restPort, snapshots, keys: options, gate });
  return {
    host: '127.0.0.1',
    port: listener.port(),
    restPort: rest?.port ?? 0,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${listener.port()}`,
    faults,
    calls,
    storage,
    async stop() {
      await listener.shut();
      await rest?.stop();
    },
  };
}
