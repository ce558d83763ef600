import { json, type Json, operation, otherMethods, readPath } from './openapi-parts.ts';

const id = '5ab34c7e-9d0f-4d0c-8f43-7d0d1f9a2b11';
const exampleRequest = {
  file_name: 'dog.jpg',
  content_type: 'image/jpeg',
  size: 183_204,
  category: 'animals',
};
const exampleUpload = {
  id: '12276487208384011934',
  key: `animals/${id}-dog.jpg`,
  url: 'https://example-pictures.s3.eu-central-1.amazonaws.com/',
  method: 'POST',
  fields: {
    key: `animals/${id}-dog.jpg`,
    'Content-Type': 'image/jpeg',
    Policy: 'eyJleHBpcmF0aW9uIjoi…',
    'X-Amz-Signature': '8c1f…',
  },
  expires_at: '2026-11-22T12:15:00.000Z',
};

/** How a picture comes in. */
export function uploadPaths(): Json {
  const read = {
    summary: 'Whether pictures can be uploaded here, and which',
    answers: {
      200: {
        description: 'What is taken',
        content: json('UploadsInfo'),
        headers: ['Cache-Control'],
      },
    },
  } as const;
  return {
    ...readPath('/uploads', read, { post: uploadsPost() }),
    '/uploads/form': { post: formPost(), 'x-other-methods': otherMethods('/uploads/form') },
  };
}

function uploadsPost(): Json {
  return operation('POST', '/uploads', {
    summary:
      'Where and how to upload one picture: a form to post, its fields first, then the file as "file"',
    requestBody: { required: true, content: json('UploadRequest', exampleRequest) },
    answers: {
      201: {
        description: 'A form for this file alone, to be posted before expires_at',
        content: json('Upload', exampleUpload),
        headers: ['Cache-Control'],
      },
    },
    failures: [
      'not_json',
      'body_too_large',
      'unsupported_media_type',
      'invalid_field',
      'objects_unavailable',
      'uploads_off',
      'timeout',
      'cancelled',
    ],
  });
}

/** As S3 has it at its own address. */
function formPost(): Json {
  const schema = {
    type: 'object',
    required: ['file'],
    properties: {
      file: { type: 'string', format: 'binary', description: 'The file, after all other fields' },
    },
    additionalProperties: { type: 'string' },
  };
  return operation('POST', '/uploads/form', {
    summary: 'Where the form of an upload is posted to on a laptop; on AWS its url is the bucket',
    requestBody: { required: true, content: { 'multipart/form-data': { schema } } },
    answers: { 204: { description: 'The picture is there, and is indexed in a moment' } },
    failures: [
      'not_found',
      'upload_refused',
      'unsupported_media_type',
      'body_too_large',
      'image_unreadable',
      'objects_unavailable',
      'overloaded',
      'timeout',
      'cancelled',
    ],
  });
}
