import { Facets } from '../core/facets.ts';
import { Image, limits, SearchResponse, searchQueryUpTo } from '../core/model.ts';
import { Removal, Upload, UploadRequest, UploadsInfo } from '../core/upload-request.ts';
import { Health } from './health.ts';
import { headers, type Json, problem, problems, schemaOf, withHeaders } from './openapi-parts.ts';
import { filePaths, imagePaths } from './openapi-images.ts';
import { facetPaths, operationsPaths, searchPaths } from './openapi-paths.ts';
import { uploadPaths } from './openapi-uploads.ts';
import { ExplanationPiece, SearchDone } from './search-stream.ts';
import { Stats } from './stats.ts';

export interface OpenApiOptions {
  /** Results of one answer, if not as many as the public may ask for. */
  readonly maxTopK?: number;
}

/** The OpenAPI 3.1 document of this API, made from the schemas that check it. */
export function createOpenApiDocument({ maxTopK = limits.topK }: OpenApiOptions = {}): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Picture search',
      version: '1',
      description:
        'Type words, get pictures. Bodies are JSON; errors are RFC 9457 problems. A path that is not listed is answered like x-unknown-path, a method that a path does not list like its x-other-methods, and a CORS preflight, where it is set up, with 204.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths: {
      ...searchPaths(maxTopK),
      ...facetPaths(),
      ...imagePaths(),
      ...filePaths(),
      ...uploadPaths(),
      ...operationsPaths(),
    },
    'x-unknown-path': withHeaders404(),
    components: {
      schemas: {
        SearchQuery: searchQuery(maxTopK),
        SearchResponse: schemaOf(SearchResponse, 'output'),
        ExplanationPiece: schemaOf(ExplanationPiece, 'output'),
        SearchDone: schemaOf(SearchDone, 'output'),
        Facets: schemaOf(Facets, 'output'),
        Image: schemaOf(Image, 'output'),
        UploadRequest: schemaOf(UploadRequest, 'input'),
        Upload: schemaOf(Upload, 'output'),
        UploadsInfo: schemaOf(UploadsInfo, 'output'),
        Removal: schemaOf(Removal, 'output'),
        Health: schemaOf(Health, 'output'),
        Stats: schemaOf(Stats, 'output'),
        Problem: problem,
      },
      headers,
      securitySchemes,
    },
  };
}

/** One of three parts must say what is searched for, which a check of all of them does not tell. */
function searchQuery(maxTopK: number): Json {
  const schema = schemaOf(searchQueryUpTo(maxTopK), 'input');
  const { query, texts, like } = schema['properties'] as Readonly<Record<string, Json>>;
  const [words] = (query?.['anyOf'] ?? []) as readonly Json[];
  const said = { query: words, texts: { ...texts, minItems: 1 }, like: { ...like, minItems: 1 } };
  const anyOf = Object.entries(said).map(([name, one]) => ({
    required: [name],
    properties: { [name]: one },
  }));
  return { ...schema, anyOf };
}

const securitySchemes: Json = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'Authorization: Bearer ps_…, where the server asks for a key; with its scopes',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'The same key' },
};

function withHeaders404(): Json {
  const answers = Object.entries(problems(['not_found'])).map(([status, answer]) => [
    status,
    withHeaders(answer, ['X-Request-Id']),
  ]);
  return { responses: Object.fromEntries(answers) };
}
