import { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { failures } from '../core/failure.ts';
import { createOpenApiDocument } from './openapi.ts';

type OpenApiDocument = ReturnType<typeof createOpenApiDocument>;

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly { name: string; description: string; required: boolean }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

/** `/openapi.json` for programs and `/docs` for people, who need no script for it. */
export function createDocsApp(): Hono {
  const document = createOpenApiDocument();
  const page = docsPage(document);
  const app = new Hono();
  app.get('/openapi.json', (c) => c.json(document));
  app.get('/docs', (c) => c.html(page));
  app.get('/docs.css', (c) => c.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
  return app;
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
        ${operationSections(document)} ${errorSection()} ${schemaSection(document)}
      </body>
    </html>`;
}

const example = `curl -X POST localhost:8000/search -H 'content-type: application/json' \\
  -d '{"query": "a dog", "top_k": 5, "filters": {"category": "animals-nature"}}'`;

function operationSections(document: OpenApiDocument) {
  const paths = document['paths'] as Record<string, Record<string, Operation>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationSection(path, method, operation)),
  );
}

function operationSection(path: string, method: string, operation: Operation) {
  const parameters = operation.parameters ?? [];
  return html`<section>
    <h2><code>${method.toUpperCase()} ${path}</code></h2>
    <p>${operation.summary}</p>
    ${operation.requestBody === undefined ? '' : raw('<p>Body: <a href="#SearchQuery">SearchQuery</a></p>')}
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
