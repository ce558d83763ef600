import { Hono } from 'hono';
import { html } from 'hono/html';
import { failures } from '../core/failure.ts';
import { refuseOtherMethods } from './middleware.ts';
import { headers } from './openapi-parts.ts';
import { createOpenApiDocument, type OpenApiOptions } from './openapi.ts';

type OpenApiDocument = ReturnType<typeof createOpenApiDocument>;

interface Operation {
  readonly summary: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly { name: string; description: string; required: boolean }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>;
  };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

/** `/openapi.json` for programs and `/docs` for people, who need no script for it. */
export function createDocsApp(options: OpenApiOptions = {}): Hono {
  // Made when first asked for: a process that is started for one search need not wait for it.
  const written = once(() => {
    const document = createOpenApiDocument(options);
    return { json: JSON.stringify(document), page: docsPage(document) };
  });
  const app = new Hono();
  app.get('/openapi.json', (c) =>
    c.body(written().json, 200, { 'Content-Type': 'application/json' }),
  );
  app.get('/docs', (c) => c.html(written().page));
  app.get('/docs.css', (c) => c.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  for (const path of ['/openapi.json', '/docs', '/docs.css']) {
    app.all(path, refuseOtherMethods('GET, HEAD'));
  }
  return app;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function docsPage(document: OpenApiDocument) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Picture search: API</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/docs.css" />
      </head>
      <body>
        <h1>Picture search: API</h1>
        <p>
          For programs: <a href="/openapi.json">openapi.json</a>. To try it:
          <a href="/">the search page</a>, or
        </p>
        <pre>${example}</pre>
        ${callerSection()} ${operationSections(document)} ${headerSection()} ${errorSection()}
        ${schemaSection(document)}
      </body>
    </html>`;
}

const example = `curl -X POST localhost:8000/search -H 'content-type: application/json' \\
  -d '{"query": "a dog", "top_k": 5, "filters": {"category": "animals-nature"}}'`;

function operationSections(document: OpenApiDocument) {
  const paths = document['paths'] as Record<string, Record<string, Operation>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => ['get', 'post', 'delete'].includes(method))
      .map(([method, operation]) => operationSection(path, method, operation)),
  );
}

function operationSection(path: string, method: string, operation: Operation) {
  const parameters = operation.parameters ?? [];
  return html`<section>
    <h2><code>${method.toUpperCase()} ${path}</code></h2>
    <p>${operation.summary}.${scopeOf(operation)}</p>
    ${bodyOf(operation)}
    <ul>
      ${parameters.map(
        ({ name, description, required }) =>
          html`<li><code>${name}</code>${required ? ' (required)' : ''}: ${description}</li>`,
      )}
    </ul>
    <ul>
      ${Object.entries(operation.responses).map(
        ([status, { description }]) => html`<li><code>${status}</code> ${description}</li>`,
      )}
    </ul>
  </section>`;
}

/** The schema of a body, or its media type where the schema has no name. */
function bodyOf({ requestBody }: Operation) {
  const [media] = Object.entries(requestBody?.content ?? {});
  if (media === undefined) return '';
  const name = media[1].schema?.$ref?.split('/').at(-1);
  return name === undefined
    ? html`<p>Body: <code>${media[0]}</code></p>`
    : html`<p>Body: <a href="#${name}">${name}</a></p>`;
}

function scopeOf({ security = [] }: Operation) {
  const scope = security.flatMap((way) => Object.values(way).flat())[0];
  return scope === undefined ? '' : html` Scope: <code>${scope}</code>.`;
}

function callerSection() {
  return html`<h2>Who may call, and how often</h2>
    <p>
      Where the server asks for an API key, send <code>Authorization: Bearer ps_…</code> or
      <code>X-Api-Key: ps_…</code>. A key has scopes (<code>search</code>, <code>write</code>,
      <code>admin</code>); each path below names the one it needs; one that names none is open.
      Without a good key: 401; without the scope: 403.
    </p>
    <p>
      Where there is a limit, every answer of a limited path carries <code>RateLimit-Limit</code>,
      <code>RateLimit-Remaining</code> and <code>RateLimit-Reset</code> (seconds); past it: 429, and
      <code>Retry-After</code> says how many seconds to wait. It counts per key, and per address for
      callers without one.
    </p>
    <p>
      <code>HEAD</code> is answered like <code>GET</code>. Other methods than those below: 405, and
      <code>Allow</code> names the right ones.
    </p>`;
}

function headerSection() {
  return html`<h2>Headers of answers</h2>
    <ul>
      ${Object.entries(headers).map(
        ([name, { description }]) => html`<li><code>${name}</code>: ${description}</li>`,
      )}
    </ul>`;
}

function errorSection() {
  return html`<h2>Errors</h2>
    <p>
      Each is an <code>application/problem+json</code> (RFC 9457) with one of these codes. What may
      be retried, may be retried unchanged.
    </p>
    <ul>
      ${Object.entries(failures).map(
        ([code, { status, title, retry }]) =>
          html`<li id="${code}">
            <code>${code}</code> (${status}): ${title}${retry ? '; may be retried' : ''}
          </li>`,
      )}
    </ul>`;
}

function schemaSection(document: OpenApiDocument) {
  const { schemas } = document['components'] as { schemas: Record<string, unknown> };
  return html`<h2>Schemas</h2>
    ${Object.entries(schemas).map(
      ([name, schema]) =>
        html`<details id="${name}">
          <summary>${name}</summary>
          <pre>${JSON.stringify(schema, null, 2)}</pre>
        </details>`,
    )}`;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
h2 { font-size: 1.1rem; }
pre { overflow-x: auto; padding: 1rem; border-radius: .5rem; background: color-mix(in srgb, currentColor 8%, transparent); }
summary { cursor: pointer; padding: .25rem 0; }
`;
