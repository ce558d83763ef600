import { Image, limits, SearchResponse } from '../core/model.ts';
import { Removal, Upload, UploadRequest, UploadsInfo } from '../core/upload-request.ts';
import { Health } from './health.ts';
import { headers, type Json, problem, problems, schemaOf, withHeaders } from './openapi-parts.ts';
import { filePaths, imagePaths } from './openapi-images.ts';
import { operationsPaths, searchPaths } from './openapi-paths.ts';
import { uploadPaths } from './openapi-uploads.ts';
import { searchQueryUpTo } from '../core/model.ts';
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
      ...imagePaths(),
      ...filePaths(),
      ...uploadPaths(),
      ...operationsPaths(),
    },
    'x-unknown-path': withHeaders404(),
    components: {
      schemas: {
        SearchQuery: schemaOf(searchQueryUpTo(maxTopK), 'input'),
        SearchResponse: schemaOf(SearchResponse, 'output'),
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
