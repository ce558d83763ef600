import type { Facets } from '../core/facets.ts';
import type { Image, SearchQuery, SearchResponse } from '../core/model.ts';
import type { Removal, Upload, UploadsInfo } from '../core/upload-request.ts';
import type { Answer, Kind } from './client-answer.ts';
import { createAsk, createExchange } from './client-ask.ts';
import type { Ask, CallOptions, ClientOptions } from './client-ask.ts';
import { createSearchStream } from './client-stream.ts';
import type { StreamAnswer, StreamOptions } from './client-stream.ts';
import type { Health, Stats } from './client-types.ts';
import { postUpload, toUploadRequest } from './client-upload.ts';
import type { Uploaded, UploadOptions } from './client-upload.ts';
import { waitForImage } from './wait-for-image.ts';
import type { WaitOptions } from './wait-for-image.ts';

/** The body of `POST /search` as a caller writes it: `query`, `texts` or `like` is required. */
export type SearchInput = NonNullable<(typeof SearchQuery)['~standard']['types']>['input'];

export interface SearchOptions extends CallOptions {
  /**
   * Asks with `GET`, whose answer a browser or a CDN may keep. A query with filters or with `texts` is
   * posted all the same: a query string has no types, and no place for weights.
   */
  readonly cacheable?: boolean;
}

export interface SimilarOptions extends CallOptions {
  readonly top_k?: number;
  readonly score_threshold?: number;
}

/** The API of a picture search server. What goes wrong is a value; nothing is asked twice. */
export interface Client {
  search(query: SearchInput, options?: SearchOptions): Promise<Answer<SearchResponse>>;
  /**
   * The same in the order in which it comes together: `onResults` is told of the results as soon as
   * they are found, `onExplanation` of each piece of the explanation, and the whole answer comes last.
   * From a server that does not stream, all of it comes at once.
   */
  searchStream(query: SearchInput, options?: StreamOptions): Promise<StreamAnswer>;
  /**
   * The pages of one list, `top_k` results each, that no change of the index moves. The last one is
   * the end or a failure; `cursor` in the query goes on from the page that failed.
   */
  pages(query: SearchInput, options?: SearchOptions): AsyncGenerator<Answer<SearchResponse>, void>;
  /** The pictures nearest to one, without itself. */
  similar(id: string, options?: SimilarOptions): Promise<Answer<SearchResponse>>;
  image(id: string, options?: CallOptions): Promise<Answer<Image>>;
  /** Whether pictures can be uploaded there, and which. */
  uploads(options?: CallOptions): Promise<Answer<UploadsInfo>>;
  /** Uploads one picture; it is searchable a moment later. */
  upload(file: Blob, options?: UploadOptions): Promise<Answer<Uploaded>>;
  /**
   * Asks until the picture is in the index. One that can't be indexed never is: that ends as
   * `timeout`.
   */
  waitUntilSearchable(id: string, options?: WaitOptions): Promise<Answer<Image>>;
  /** Removes a picture's file; it is gone from searches a moment later. */
  remove(id: string, options?: CallOptions): Promise<Answer<Removal>>;
  /** What pictures can be filtered by: keys of their metadata with few values, and how frequent. */
  facets(options?: CallOptions): Promise<Answer<Facets>>;
  /** A server that cannot search gives a value too: its `status` is `unhealthy`. */
  health(options?: CallOptions): Promise<Answer<Health>>;
  stats(options?: CallOptions): Promise<Answer<Stats>>;
}

const search = { key: 'results', isIt: Array.isArray } as Kind<SearchResponse>;
const facets = { key: 'facets', isIt: Array.isArray } as Kind<Facets>;
const picture = { key: 'metadata', isIt: isObject } as Kind<Image>;
const health = { key: 'status', isIt: isText, statuses: [503] } as Kind<Health>;
const stats = { key: 'collection', isIt: isObject } as Kind<Stats>;
const uploads = { key: 'content_types', isIt: Array.isArray } as Kind<UploadsInfo>;
const form = { key: 'fields', isIt: isObject } as Kind<Upload>;
const removal = { key: 'id', isIt: isText } as Kind<Removal>;

/** For browsers and Node. Throws where `baseUrl` is no address. */
export function createClient(options: ClientOptions): Client {
  const base = new URL(options.baseUrl);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const exchange = createExchange(options, base);
  const ask = createAsk(exchange);
  const searchFor: Client['search'] = (query, { cacheable = false, ...call } = {}) => {
    const { filters, texts = [], ...rest } = query;
    if (!cacheable || filters || texts.length > 0)
      return ask({ ...call, path: 'search', kind: search, body: query });
    const { query: q, ...more } = rest;
    return ask({ ...call, path: `search?${parameters({ q, ...more })}`, kind: search });
  };
  const image: Client['image'] = (id, call) =>
    ask({ ...call, path: `images/${encodeURIComponent(id)}`, kind: picture });
  return {
    search: searchFor,
    searchStream: createSearchStream(exchange, search),
    image,
    ...createUploading(ask, image, base, options),
    async *pages(query, call) {
      let cursor: string | null | undefined = query.cursor ?? '*';
      while (cursor) {
        const page: Answer<SearchResponse> = await searchFor({ ...query, cursor }, call);
        yield page;
        cursor = page.ok ? page.value.next_cursor : null;
      }
    },
    similar(id, { top_k, score_threshold, ...call } = {}) {
      const path = `images/${encodeURIComponent(id)}/similar`;
      const asked = parameters({ top_k, score_threshold });
      return ask({ ...call, path: asked === '' ? path : `${path}?${asked}`, kind: search });
    },
    facets: (call) => ask({ ...call, path: 'facets', kind: facets }),
    health: (call) => ask({ ...call, path: 'health', kind: health }),
    stats: (call) => ask({ ...call, path: 'stats', kind: stats }),
  };
}

function createUploading(
  ask: Ask,
  image: Client['image'],
  base: URL,
  options: ClientOptions,
): Pick<Client, 'uploads' | 'upload' | 'waitUntilSearchable' | 'remove'> {
  return {
    uploads: (call) => ask({ ...call, path: 'uploads', kind: uploads }),
    async upload(file, call = {}) {
      const { signal, requestId } = call;
      const body = toUploadRequest(file, call);
      const permit = await ask({ signal, requestId, path: 'uploads', kind: form, body });
      return permit.ok ? postUpload(file, permit.value, base, { ...options, ...call }) : permit;
    },
    waitUntilSearchable: (id, call) => waitForImage((each) => image(id, each), base, call),
    remove: (id, call) =>
      ask({
        ...call,
        method: 'DELETE',
        path: `images/${encodeURIComponent(id)}`,
        kind: removal,
      }),
  };
}

function parameters(values: Readonly<Record<string, unknown>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value)) for (const each of value) given.append(name, String(each));
    else if (value !== undefined && value !== null) given.set(name, String(value));
  }
  return given.toString();
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
