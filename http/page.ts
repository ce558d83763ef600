import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { type Context, Hono } from 'hono';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** What is compressed already gains nothing by it. */
const plain = new Set(['.html', '.css', '.js', '.map', '.svg']);

type Encoding = 'br' | 'gzip';

interface PageFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  compressed?(encoding: Encoding): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * The search page in its built form, from a folder that is read once. `index.html` is `/` and asked for
 * anew each time; a file in `assets` has a hash of its bytes in its name and is kept for good.
 */
export function createPage(folder: string): Hono {
  const app = new Hono();
  for (const path of pathsIn(folder)) {
    const file = readPageFile(folder, path);
    if (file) app.get(path === 'index.html' ? '/' : `/${path}`, (c) => answer(c, file));
  }
  return app;
}

function pathsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll('\\', '/'));
}

function readPageFile(folder: string, path: string): PageFile | undefined {
  const type = types[extname(path)];
  if (type === undefined) return undefined;
  const bytes = new Uint8Array(readFileSync(join(folder, path)));
  const isKept = path.startsWith('assets/');
  const headers = {
    'Content-Type': type,
    'Cache-Control': isKept ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  if (!plain.has(extname(path))) return { bytes, etag, headers };
  return { bytes, etag, headers: { ...headers, Vary: 'Accept-Encoding' }, ...compressing(bytes) };
}

/** Compresses when it is first asked for, and once. */
function compressing(bytes: Uint8Array<ArrayBuffer>): Pick<PageFile, 'compressed'> {
  const made = new Map<Encoding, Promise<Uint8Array<ArrayBuffer>>>();
  return {
    compressed(encoding) {
      const compressed = made.get(encoding) ?? compress(bytes, encoding);
      made.set(encoding, compressed);
      return compressed;
    },
  };
}

/** Nobody waits for the last bytes of what brotli could save: it would take ten times as long. */
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };

async function compress(bytes: Uint8Array, encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
  const isBrotli = encoding === 'br';
  const compressed = isBrotli
    ? await promisify(brotliCompress)(bytes, quality)
    : await promisify(gzip)(bytes);
  return new Uint8Array(compressed);
}

async function answer(c: Context, file: PageFile): Promise<Response> {
  const encoding = file.compressed && chooseEncoding(c.req.header('accept-encoding'));
  // Two forms of one file are two things to whoever keeps them.
  const etag = `"${file.etag}${encoding ? `-${encoding}` : ''}"`;
  const headers = { ...file.headers, ETag: etag };
  if (isKnown(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers);
  const bytes = encoding && (await file.compressed?.(encoding));
  if (!bytes) return c.body(file.bytes, 200, headers);
  return c.body(bytes, 200, { ...headers, 'Content-Encoding': encoding });
}

/** The better of those that the other side takes; one that it gives the weight 0 it does not. */
function chooseEncoding(accepted = ''): Encoding | undefined {
  const taken = accepted.split(',').map((part) => part.toLowerCase().replaceAll(' ', ''));
  const takes = (encoding: Encoding) =>
    taken.some((part) => part.split(';')[0] === encoding && !/;q=0(\.0*)?$/.test(part));
  return (['br', 'gzip'] as const).find(takes);
}

function isKnown(known: string | undefined, etag: string): boolean {
  const tags = known?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags?.includes(etag) === true;
}
