import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { file_qdrant, Qdrant, type QdrantClient } from '@qdrant/js-client-grpc';

declare const client: QdrantClient;

/** Qdrant's gRPC services, each method with its own types. */
export interface QdrantServices {
  readonly points: ReturnType<typeof client.api<'points'>>;
  readonly collections: ReturnType<typeof client.api<'collections'>>;
  readonly health: Client<typeof Qdrant>;
}

/**
 * The services over a transport of one's own: the package's client has no keep-alive, ignores deadlines
 * unless told not to, and adds a second of waiting for its own version check.
 */
export function createQdrantServices(transport: Transport): QdrantServices {
  return {
    // The package gives these two types only through its client, so they have to be named here.
    points: serviceOf('qdrant.Points', transport) as unknown as QdrantServices['points'],
    collections: serviceOf(
      'qdrant.Collections',
      transport,
    ) as unknown as QdrantServices['collections'],
    health: createClient(Qdrant, transport),
  };
}

/** The package exports neither service, but the file that it does export depends on both. */
function serviceOf(typeName: string, transport: Transport) {
  const service = file_qdrant.dependencies
    .flatMap(({ services }) => services)
    .find((one) => one.typeName === typeName);
  if (service) return createClient(service, transport);
  throw new Error(
    `Cannot speak with Qdrant as its client package has no such service: ${typeName}`,
  );
}
