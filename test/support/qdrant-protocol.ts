import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DescService } from '@bufbuild/protobuf';
import { createClient, type Client, type Transport } from '@connectrpc/connect';
import { Qdrant, Snapshots } from '@qdrant/js-client-grpc';
import type { Collections as CollectionsType } from '../../node_modules/@qdrant/js-client-grpc/dist/types/proto/collections_service_pb.js';
import type { Points as PointsType } from '../../node_modules/@qdrant/js-client-grpc/dist/types/proto/points_service_pb.js';

export type {
  Condition,
  FieldCondition,
  Filter,
  Match,
  PointId,
} from '../../node_modules/@qdrant/js-client-grpc/dist/types/proto/qdrant_common_pb.js';

// The package has the descriptors of all services, and lets only two of them out.
const folder = join(
  import.meta.dirname,
  '../../node_modules/@qdrant/js-client-grpc/dist/esm/proto',
);
const { Collections } = (await load('collections_service_pb.js')) as {
  readonly Collections: typeof CollectionsType;
};
const { Points } = (await load('points_service_pb.js')) as { readonly Points: typeof PointsType };

export { Collections, Points, Qdrant, Snapshots };

export interface QdrantClients {
  readonly collections: Client<typeof CollectionsType>;
  readonly points: Client<typeof PointsType>;
  readonly service: Client<typeof Qdrant>;
  readonly snapshots: Client<typeof Snapshots>;
}

/** The plain clients, without anything that a store adds. */
export function createQdrantClients(transport: Transport): QdrantClients {
  return {
    collections: createClient(Collections, transport),
    points: createClient(Points, transport),
    service: createClient(Qdrant, transport),
    snapshots: createClient(Snapshots, transport),
  };
}

/** `/qdrant.Points/Query` → `Points.Query`. */
export function methodOf(service: DescService, name: string): string {
  return `${service.typeName.replace('qdrant.', '')}.${name}`;
}

function load(file: string): Promise<unknown> {
  return import(pathToFileURL(join(folder, file)).href);
}
