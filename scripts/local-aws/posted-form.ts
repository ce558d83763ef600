import { type AwsRequest, targetOf } from './requests.ts';

/** A form that was posted to a bucket, up to its file: S3 ignores what comes after it. */
export interface PostedForm {
  /** By name in small letters. */
  readonly fields: ReadonlyMap<string, string>;
  /** Undefined: it has none. */
  readonly fileBytes: number | undefined;
}

const forms = new WeakMap<AwsRequest, PostedForm>();

/** The form of a request that is one; `undefined` where it can't be read as one. */
export async function readPostedForm(request: AwsRequest): Promise<PostedForm | undefined> {
  const form = await parsePostedForm(request).catch(() => undefined);
  if (form !== undefined) forms.set(request, form);
  return form;
}

/** The form that was read of it. */
export function postedFormOf(request: AwsRequest): PostedForm | undefined {
  return forms.get(request);
}

export function isForm({ method, headers }: AwsRequest): boolean {
  return method === 'POST' && /^multipart\/form-data/i.test(headers['content-type'] ?? '');
}

async function parsePostedForm(request: AwsRequest): Promise<PostedForm | undefined> {
  if (!isForm(request) || targetOf(request).key !== '' || !Buffer.isBuffer(request.body)) {
    return undefined;
  }
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const form = await new Response(new Uint8Array(request.body), { headers }).formData();
  const fields = new Map<string, string>();
  for (const [name, value] of form) {
    if (typeof value !== 'string') return { fields, fileBytes: value.size };
    if (name === 'file') return { fields, fileBytes: Buffer.byteLength(value) };
    fields.set(name.toLowerCase(), value);
  }
  return { fields, fileBytes: undefined };
}
