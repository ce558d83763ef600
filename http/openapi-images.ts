import { limits } from '../core/model.ts';
import {
  found,
  idParameter,
  ifNoneMatch,
  scoreThreshold,
  topKUpTo,
  unchanged,
} from './openapi-parameters.ts';
import { json, type Json, operation, readPath, searching } from './openapi-parts.ts';

const fileFailures = [
  'not_found',
  'invalid_field',
  'image_too_large',
  'store_unavailable',
  'image_unreadable',
  'objects_unavailable',
] as const;

export function imagePaths(): Json {
  const failures = ['not_found', 'invalid_field', ...searching] as const;
  return {
    ...readPath(
      '/images/{id}',
      {
        summary: 'What is known of one picture',
        parameters: [idParameter],
        answers: { 200: { description: 'The picture', content: json('Image') } },
        failures,
      },
      { delete: removal() },
    ),
    ...readPath('/images/{id}/similar', {
      summary: 'The pictures nearest to this one',
      parameters: [idParameter, topKUpTo(limits.topK), scoreThreshold, ifNoneMatch],
      answers: {
        200: {
          ...found,
          description: 'The nearest pictures, without the picture itself',
          headers: [...(found.headers ?? []), 'ETag', 'Cache-Control'],
        },
        304: { ...unchanged, headers: [...(unchanged.headers ?? []), 'Server-Timing'] },
      },
      failures,
    }),
  };
}

/** The files themselves, where they are served by this server. */
export function filePaths(): Json {
  return {
    ...readPath('/pictures/{id}', {
      summary: "The picture's file, on a laptop; elsewhere metadata.url leads to another host",
      parameters: [idParameter, ifNoneMatch],
      answers: {
        200: {
          description: 'The file',
          content: { 'image/*': {}, 'application/octet-stream': {} },
          headers: ['ETag', 'Cache-Control'],
        },
        304: unchanged,
      },
      failures: fileFailures,
    }),
    ...readPath('/thumbnails/{id}', {
      summary: 'A version of at most 512 pixels, where metadata.thumbnail_url leads here',
      parameters: [idParameter, ifNoneMatch],
      answers: {
        200: {
          description: 'The file',
          content: { 'image/webp': {} },
          headers: ['ETag', 'Cache-Control'],
        },
        304: unchanged,
      },
      failures: fileFailures,
    }),
  };
}

/** How one goes away. */
function removal(): Json {
  return operation('DELETE', '/images/{id}', {
    summary: "Remove a picture's file; the index follows in a moment",
    parameters: [idParameter],
    answers: {
      202: { description: 'The file is removed', content: json('Removal', { id: '1' }) },
    },
    failures: [
      'not_found',
      'invalid_field',
      'image_elsewhere',
      'image_unreadable',
      'objects_unavailable',
      'uploads_off',
      ...searching,
    ],
  });
}
