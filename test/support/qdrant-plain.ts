import { Code } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { createQdrantClients, type QdrantClients } from './qdrant-protocol.ts';
import type { RunningQdrant } from './qdrant-server.ts';

// Short words for what a plain client says to a server.

export function clientsOf(server: RunningQdrant, apiKey?: string): QdrantClients {
  const transport = createGrpcTransport({
    baseUrl: server.url,
    interceptors: [
      (next) => (request) => {
        if (apiKey !== undefined) request.header.set('api-key', apiKey);
        return next(request);
      },
    ],
  });
  return createQdrantClients(transport);
}

let names = 0;

/** A collection of a name of its own. */
export async function newCollection(clients: QdrantClients, more: object = {}): Promise<string> {
  const collectionName = `collection-${(names += 1)}`;
  await clients.collections.create({ collectionName, vectorsConfig: vectors(), ...more });
  return collectionName;
}

export function vectors(size = 4, distance = 1) {
  return { config: { case: 'params' as const, value: { size: BigInt(size), distance } } };
}

interface NewPoint {
  readonly id: bigint | string;
  readonly vector: readonly number[];
  readonly payload?: object;
}

export function upsert(
  clients: QdrantClients,
  collectionName: string,
  points: readonly NewPoint[],
) {
  return clients.points.upsert({
    collectionName,
    wait: true,
    points: points.map(({ id, vector, payload = {} }) => ({
      id: pointId(id),
      payload: payload as Record<string, never>,
      vectors: {
        vectorsOptions: {
          case: 'vector' as const,
          value: { vector: { case: 'dense' as const, value: { data: [...vector] } } },
        },
      },
    })),
  });
}

export function pointId(id: bigint | string) {
  return {
    pointIdOptions:
      typeof id === 'bigint'
        ? { case: 'num' as const, value: id }
        : { case: 'uuid' as const, value: id },
  };
}

export function nearest(data: readonly number[]) {
  const dense = { variant: { case: 'dense' as const, value: { data: [...data] } } };
  return { variant: { case: 'nearest' as const, value: dense } };
}

export function variant(kind: string, value: unknown) {
  return { case: kind, value };
}

export function condition(kind: string, value: unknown) {
  return { conditionOneOf: variant(kind, value) };
}

export function field(key: string, more: object) {
  return condition('field', { key, ...more });
}

export function keyword(key: string, value: string): never {
  return field(key, { match: { matchValue: variant('keyword', value) } }) as never;
}

export function exceptKeywords(key: string, ...strings: string[]) {
  return field(key, { match: { matchValue: variant('exceptKeywords', { strings }) } });
}

export async function countOf(clients: QdrantClients, collectionName: string): Promise<number> {
  const { result } = await clients.points.count({ collectionName, exact: true });
  return Number(result?.count);
}

export async function scrollAll(clients: QdrantClients, collectionName: string, limit = 100) {
  const found = [];
  let offset: ReturnType<typeof pointId> | undefined;
  do {
    const page = await clients.points.scroll({
      collectionName,
      limit,
      offset,
      withPayload: { selectorOptions: { case: 'enable', value: true } },
      withVectors: { selectorOptions: { case: 'enable', value: true } },
    });
    for (const { id, payload, vectors: out } of page.result) {
      const options = out?.vectorsOptions;
      const vector = options?.case === 'vector' ? options.value.vector : undefined;
      found.push({
        id: String(id?.pointIdOptions.value),
        payload,
        vector: vector?.case === 'dense' ? vector.value.data : undefined,
      });
    }
    offset = page.nextPageOffset as typeof offset;
  } while (offset !== undefined);
  return found;
}

export function idsOf(
  result: readonly { readonly id?: { pointIdOptions: { value?: unknown } } }[],
) {
  return result.map(({ id }) => String(id?.pointIdOptions.value));
}

/** As the client prints an error: `[not_found] …`, with these words in it. */
export function printed(code: Code, words: string): RegExp {
  const name = (Code[code] ?? '').replaceAll(/\B[A-Z]/g, '_$&').toLowerCase();
  return new RegExp(`^\\[${name}\\].*${RegExp.escape(words)}`);
}
