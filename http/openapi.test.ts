import { describe, expect, it } from 'vitest';
import {
  createThreePictures,
  createWholeEdge,
  openSettings,
} from '../test/support/openapi-edge.ts';
import { readDocument } from '../test/support/openapi-document.ts';
import { createOpenApiDocument } from './openapi.ts';
import { accessTo, isEverything } from './route-access.ts';

const document = readDocument();

describe('the OpenAPI document', () => {
  it('has every path and method that the app has', async () => {
    const { app } = createWholeEdge({ settings: openSettings, store: await createThreePictures() });
    const routes = app.routes.filter(({ path, method }) => !isEverything(path) && method !== 'ALL');
    expect(routes.length).toBeGreaterThan(12);
    const left = routes.filter(({ method, path }) => {
      const described = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')];
      return described?.[method.toLowerCase()] === undefined;
    });
    expect(left.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  it('says of every path what key it needs, and where it is limited', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security, responses }] of Object.entries(methods)) {
        const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
        const access = accessTo(method.toUpperCase(), pattern);
        const name = `${method} ${path}`;
        expect([name, security?.[0]?.['bearer']?.[0]]).toEqual([name, access?.scope]);
        expect([name, responses[429] !== undefined]).toEqual([name, access?.limited]);
      }
    }
  });

  it('says how many results whoever may ask for more can have', () => {
    const most = (maxTopK?: number) => {
      const { paths } = readDocument(createOpenApiDocument({ ...(maxTopK && { maxTopK }) }));
      const { post, get } = paths['/search'] ?? {};
      const body = post?.requestBody?.content['application/json']?.schema['properties'];
      const parameter = get?.parameters.find(({ name }) => name === 'top_k')?.schema;
      const { top_k } = body as { readonly top_k: { readonly maximum: number } };
      return [top_k.maximum, parameter?.['maximum']];
    };
    expect([most(), most(1000)]).toEqual([
      [100, 100],
      [1000, 1000],
    ]);
  });

  it('describes no bug, and points at nothing that is not there', () => {
    const text = JSON.stringify(createOpenApiDocument());
    expect(text).not.toMatch(/"500":/);
    expect(text).not.toContain('$schema');
    const inlined = JSON.stringify(document);
    expect(inlined).not.toContain('$ref');
  });
});
