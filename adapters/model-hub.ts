import * as z from 'zod';
import type { Async } from '../core/failure.ts';
import { ok, type Result } from '../core/result.ts';
import { readHubJson } from './model-hub-json.ts';
import { type HubAnswer, type Refusal, requestFromHub } from './model-hub-request.ts';

export interface HubOptions {
  /** Scheme and host, and a path where a mirror has one: `https://huggingface.co`. */
  readonly endpoint: string;
  readonly token?: string | undefined;
  readonly idleTimeoutMs?: number;
  readonly retryDelayMs?: number;
}

/** A file of a repository, and what vouches for its content. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** Of large files. */
  readonly sha256?: string;
  /** Git's own hash, of files that are small enough to be kept in git itself. */
  readonly gitSha1?: string;
}

export interface HubPlace {
  readonly repository: string;
  readonly commit: string;
}

/** A hub of models as Hugging Face's. Everything fails with `model_unavailable`. */
export interface ModelHub {
  readonly retryDelayMs: number;
  commitOf(repository: string, revision: string, signal?: AbortSignal): Async<string>;
  /** The files of one folder (`''`: the root), not of the folders in it. */
  list(place: HubPlace, folder: string, signal?: AbortSignal): Async<readonly HubFile[]>;
  /** The file from that byte on, or all of it (status 200) where the hub can't do that. */
  open(
    place: HubPlace,
    path: string,
    from: number,
    signal?: AbortSignal,
  ): Promise<Result<HubAnswer, Refusal>>;
}

const maxPages = 100;
const Commit = z.string().regex(/^[0-9a-f]{40}$/);
const Revision = z.object({ sha: Commit });
const Tree = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.int().nonnegative(),
    oid: z.string().optional(),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int() }).optional(),
  }),
);

export function createModelHub(options: HubOptions): ModelHub {
  const { token, idleTimeoutMs = 30_000, retryDelayMs = 1000 } = options;
  const endpoint = options.endpoint.replace(/\/+$/, '');
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const asking = { headers, idleTimeoutMs, retryDelayMs };

  return {
    retryDelayMs,
    async commitOf(repository, revision, signal) {
      if (Commit.safeParse(revision).success) return ok(revision);
      const url = `${endpoint}/api/models/${encode(repository)}/revision/${encode(revision)}`;
      const found = await readHubJson(url, Revision, { ...asking, signal });
      return found.ok ? ok(found.value.content.sha) : found;
    },
    async list({ repository, commit }, folder, signal) {
      const tree = `${endpoint}/api/models/${encode(repository)}/tree/${commit}`;
      const files: HubFile[] = [];
      let url: string | undefined = folder === '' ? tree : `${tree}/${encode(folder)}`;
      for (let page = 0; url !== undefined && page < maxPages; page += 1) {
        const found = await readHubJson(url, Tree, { ...asking, signal });
        if (!found.ok) return found;
        files.push(...found.value.content.filter(({ type }) => type === 'file').map(toHubFile));
        url = onEndpoint(found.value.next, endpoint);
      }
      return ok(files);
    },
    open({ repository, commit }, path, from, signal) {
      const url = `${endpoint}/${encode(repository)}/resolve/${commit}/${encode(path)}`;
      const range: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
      // What is hashed and counted must be the file itself, never a compressed form of it.
      const identity = { 'accept-encoding': 'identity' };
      return requestFromHub(url, {
        headers: { ...headers, ...identity, ...range },
        idleTimeoutMs,
        signal,
      });
    },
  };
}

function toHubFile({ path, size, oid, lfs }: z.infer<typeof Tree>[number]): HubFile {
  if (lfs !== undefined) return { path, bytes: lfs.size, sha256: lfs.oid };
  return { path, bytes: size, ...(oid !== undefined && { gitSha1: oid }) };
}

/** A mirror may hand on the hub's own links: the token goes to the endpoint and nowhere else. */
function onEndpoint(link: string | undefined, endpoint: string): string | undefined {
  if (link === undefined) return undefined;
  const { pathname, search, origin, href } = new URL(link, endpoint);
  return origin === new URL(endpoint).origin ? href : `${endpoint}${pathname}${search}`;
}

function encode(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
