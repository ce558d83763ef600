import * as z from 'zod';
import { createOpenApiDocument } from '../../http/openapi.ts';

export type Json = Readonly<Record<string, unknown>>;

const Header = z.object({
  required: z.boolean(),
  schema: z.record(z.string(), z.unknown()),
});

const Schema = z.record(z.string(), z.unknown());

const Media = z.object({
  schema: Schema.optional(),
  /** Of a stream of events: what the data of each is, by its name. */
  'x-events': z.record(z.string(), Schema).optional(),
});

const Answer = z.object({
  content: z.record(z.string(), Media).optional(),
  headers: z.record(z.string(), Header),
});
export type Answer = z.infer<typeof Answer>;

const Parameter = z.object({
  name: z.string(),
  in: z.enum(['query', 'path', 'header']),
  required: z.boolean(),
  schema: z.record(z.string(), z.unknown()),
});
export type Parameter = z.infer<typeof Parameter>;

const Operation = z.object({
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z.array(Parameter).default([]),
  requestBody: z
    .object({
      content: z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) })),
    })
    .optional(),
  responses: z.record(z.string(), Answer),
});
export type Operation = z.infer<typeof Operation>;

const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  'x-unknown-path': z.object({ responses: z.record(z.string(), Answer) }),
});

/** What a document says of one request: everything that may answer it. */
export interface Described {
  /** `GET /images/{id}`. */
  readonly name: string;
  readonly operation: Operation;
  /** Whether the path has this method. */
  readonly isListed: boolean;
}

export interface ApiDocument {
  /** By path, then by method in small letters. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  describe(method: string, pathname: string): Described;
}

/** Reads the document that a server gave, with every reference in its place. */
export function readDocument(raw: unknown = createOpenApiDocument()): ApiDocument {
  const parsed = Document.parse(inline(raw, raw));
  const patterns = Object.entries(parsed.paths).map(([path, methods]) => ({
    path,
    methods,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`, 's'),
  }));
  return {
    paths: parsed.paths,
    describe(method, pathname) {
      const path = decode(pathname);
      const found = patterns.find(({ pattern }) => pattern.test(path));
      if (found === undefined) {
        const operation = { parameters: [], ...parsed['x-unknown-path'] };
        return { name: 'an unknown path', operation, isListed: false };
      }
      const listed = found.methods[method.toLowerCase()];
      const operation = listed ?? found.methods['x-other-methods'];
      if (operation === undefined) throw new Error(`Nothing is said of ${method} ${found.path}`);
      return { name: `${method} ${found.path}`, operation, isListed: listed !== undefined };
    },
  };
}

/** As the router does it: what can't be decoded stays as it is. */
function decode(pathname: string): string {
  return pathname.replaceAll(/(?:%[\da-f]{2})+/gi, (encoded) => {
    try {
      return decodeURI(encoded);
    } catch {
      return encoded;
    }
  });
}

function inline(value: unknown, root: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => inline(one, root));
  if (typeof value !== 'object' || value === null) return value;
  if ('$ref' in value && typeof value.$ref === 'string')
    return inline(follow(value.$ref, root), root);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inline(one, root)]));
}

function follow(ref: string, root: unknown): unknown {
  let found: unknown = root;
  for (const part of ref.replace(/^#\//, '').split('/')) {
    found = (found as Record<string, unknown> | undefined)?.[part];
  }
  if (found === undefined) throw new Error(`The document has no ${ref}`);
  return found;
}
