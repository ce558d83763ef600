import type { UploadsInfo } from '../core/upload-request.ts';
import type { Answer } from './client-answer.ts';
import { sentence } from './problem.ts';
import { fileSize } from './words.ts';

/** Why a file was not added, and what could help. */
export interface UploadProblem {
  readonly text: string;
  readonly remedy?: 'retry' | 'key';
}

type Failed = Extract<Answer<never>, { readonly ok: false }>;

/** Of files that the browser knows no type of. */
const endings = /\.(jpe?g|png|webp|bmp|tiff?|gif|avif)$/i;

/** What can be told of a file before it is sent. */
export function findFault(file: File, info: UploadsInfo): UploadProblem | undefined {
  const { name, type } = file;
  const isKnown = type === '' ? endings.test(name) : info.content_types.some((one) => one === type);
  if (!isKnown) {
    return { text: 'Only JPEG, PNG, WebP, BMP, TIFF, GIF and AVIF can be added.' };
  }
  if (file.size === 0) return { text: 'The file is empty.' };
  if (file.size <= info.max_bytes) return undefined;
  return { text: `The file is larger than ${fileSize(info.max_bytes)}.` };
}

export function explainUpload({ problem }: Failed): UploadProblem {
  const { code, status, title, detail, errors } = problem;
  if (code === 'unreachable') {
    return { text: 'The server does not answer.', remedy: 'retry' };
  }
  if (code === 'unauthenticated' || status === 401) {
    return { text: 'This needs an API key.', remedy: 'key' };
  }
  if (code === 'forbidden') return { text: 'This API key may not add pictures.', remedy: 'key' };
  if (code === 'timeout' && status === 0) {
    return { text: 'It did not become searchable within a minute. It may be damaged.' };
  }
  const fields = errors.map(({ path, message }) => `${path} ${message}`).join(', ');
  const text = sentence(fields) || sentence(detail) || sentence(title);
  return status === 0 || status === 429 || status >= 500 ? { text, remedy: 'retry' } : { text };
}
