import type { UploadsInfo } from '../../core/upload-request.ts';
import type { Answer } from '../client-answer.ts';
import { pictureType } from '../picture-type.ts';
import { sentence } from './problem.ts';
import { fileSize } from './words.ts';

/** Why a file was not added, and what could help. */
export interface UploadProblem {
  readonly text: string;
  readonly remedy?: 'retry' | 'key';
}

type Failed = Extract<Answer<never>, { readonly ok: false }>;

/** What can be told of a file before it is sent. */
export function findFault(file: File, info: UploadsInfo): UploadProblem | undefined {
  const type = pictureType(file.name, file.type);
  if (!info.content_types.some((one) => one === type)) {
    return { text: 'Only JPEG, PNG, WebP, BMP, TIFF, GIF and AVIF can be added.' };
  }
  if (file.size === 0) return { text: 'The file is empty.' };
  if (file.size <= info.max_bytes) return undefined;
  return { text: `The file is larger than ${fileSize(info.max_bytes)}.` };
}

/** @param isSent Whether the file is there, and was waited for. */
export function explainUpload({ problem }: Failed, isSent: boolean): UploadProblem {
  const { code, status, title, detail, errors } = problem;
  if (code === 'unreachable' || (code === 'timeout' && status === 0 && !isSent)) {
    return { text: 'The server does not answer.', remedy: 'retry' };
  }
  if (code === 'unauthenticated' || status === 401) {
    return { text: 'This needs an API key.', remedy: 'key' };
  }
  if (code === 'forbidden') return { text: 'This API key may not add pictures.', remedy: 'key' };
  if (code === 'timeout' && status === 0) {
    return {
      text: 'It did not become searchable within a minute. It may be damaged.',
      remedy: 'retry',
    };
  }
  const fields = errors.map(({ path, message }) => `${path} ${message}`).join(', ');
  const text = sentence(fields) || sentence(detail) || sentence(title);
  return status === 0 || status === 429 || status >= 500 ? { text, remedy: 'retry' } : { text };
}
