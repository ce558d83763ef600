import type { FailureCode } from '../core/failure.ts';
import type { Upload } from '../core/upload-request.ts';
import { brokenOff, readAnswer } from './client-answer.ts';
import type { Answer, Problem } from './client-answer.ts';
import { createDeadline } from './client-deadline.ts';
import { readHeaders } from './client-headers.ts';
import { toFormBody } from './form-body.ts';
import { pictureType } from './picture-type.ts';
import { postForm } from './post-form.ts';
import type { Progress } from './post-form.ts';

export interface UploadOptions {
  /** By default a `File`'s own; its key has it in it, as far as it is safe. */
  readonly file_name?: string;
  /** By default the file's own, or what its name says: `image/jpeg` and so on. */
  readonly content_type?: string;
  /** The folder that it goes into. */
  readonly category?: string | null;
  /** Called now and then; outside of browsers only at the beginning and the end. */
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal | undefined;
  /** What the server's log calls the request for the form. */
  readonly requestId?: string | undefined;
}

/** A picture that is uploaded, and not searchable yet. */
export interface Uploaded {
  readonly id: string;
  readonly key: string;
}

/** The body of `POST /uploads`. A name or a type that the server does not take is for it to say. */
export function toUploadRequest(file: Blob, options: UploadOptions) {
  const { name } = file as { readonly name?: unknown };
  const file_name = options.file_name ?? (typeof name === 'string' ? harmless(name) : 'picture');
  const content_type = options.content_type ?? pictureType(file_name, file.type);
  const { category = null } = options;
  return { file_name, content_type, size: file.size, category };
}

/** As long as a form lives. */
const maxUploadMs = 900_000;

/** Posts the file with the form that the server gave for it. No API key goes along. */
export async function postUpload(
  file: Blob,
  { id, key, url, fields }: Upload,
  base: URL,
  options: Pick<UploadOptions, 'onProgress' | 'signal'> & { readonly fetch?: typeof fetch },
): Promise<Answer<Uploaded>> {
  const target = new URL(url, base);
  const deadline = createDeadline(maxUploadMs, options.signal);
  try {
    const { signal } = deadline;
    const form = toFormBody(fields, file);
    const response = await postForm(target, form, file.size, { ...options, signal });
    const text = await response.text();
    if (response.ok && text === '') {
      return { ok: true, ...readHeaders(response), value: { id, key } };
    }
    return readRefusal(response, text);
  } catch (cause) {
    return brokenOff(deadline.signal, cause, target.origin);
  } finally {
    deadline.clear();
  }
}

function readRefusal(response: Response, text: string): Answer<never> {
  const problem = response.ok ? undefined : readXmlError(response.status, text);
  if (problem) return { ok: false, ...readHeaders(response), problem };
  return readAnswer<never>(response, text, { key: 'never' as never, isIt: () => false });
}

/** What S3 says, as a problem of this API; `undefined` where somebody else says it. */
function readXmlError(status: number, text: string): Problem | undefined {
  const part = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
  const said = part('Code');
  if (said === '') return undefined;
  const code: FailureCode = status >= 500 ? 'objects_unavailable' : 'upload_refused';
  return {
    type: `/docs#${code}`,
    title: code === 'upload_refused' ? 'The upload is not as agreed' : 'The bucket does not answer',
    status,
    detail: `Cannot upload the file as ${reasonOf(said, part('Message'))}`,
    code,
    request_id: part('RequestId'),
    errors: [],
  };
}

function reasonOf(code: string, message: string): string {
  if (/^EntityToo(Large|Small)$/.test(code)) return 'it is not exactly as long as was agreed';
  if (/\bexpired\b/i.test(message)) return 'its form has expired: ask for another';
  return `the bucket says ${code}${message === '' ? '' : `: ${message}`}`;
}

/** Names of files may have what the server refuses in what somebody wrote. */
function harmless(name: string): string {
  return name
    .replaceAll(/[\p{Cc}/\\\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '-')
    .slice(0, 255);
}
