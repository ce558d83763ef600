import type { Fauxqs } from './fauxqs.ts';
import { checkPostPolicy } from './post-policy.ts';
import { isForm, readPostedForm } from './posted-form.ts';
import { type AwsRequest, errorXml, hasQuery, targetOf } from './requests.ts';

export interface Door {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Pages of these origins may post forms and read answers; asked for each request. */
  readonly origins: () => readonly string[];
}

/**
 * What AWS checks before it does anything, and fauxqs does not: that a request names our key, that a
 * form is as its policy says, and which page's origin may ask. Signatures are checked of forms alone,
 * as those are what strangers have.
 */
export function guardDoor({ app }: Fauxqs, door: Door): void {
  app.addHook('onRequest', async (request, reply) => {
    if (!localName.test(request.headers.host ?? '')) {
      const xml = errorXml('AccessDenied', 'The local AWS answers to names of this machine alone');
      return reply.status(403).type('application/xml').send(xml);
    }
    for (const [name, value] of Object.entries(corsHeaders(request, door.origins()))) {
      reply.header(name, value);
    }
    if (request.method === 'OPTIONS')
      return reply.status(isAllowed(request, door) ? 204 : 403).send();
    if (!isForm(request) && !namesKey(request, door.accessKeyId)) {
      return reply
        .status(403)
        .type('application/xml')
        .send(errorXml('AccessDenied', 'Access Denied'));
    }
    // It would be taken for the object itself.
    if (!hasQuery(request, 'tagging')) return undefined;
    const xml = errorXml('NotImplemented', 'The local S3 has no tags');
    return reply.status(501).type('application/xml').send(xml);
  });
  app.addHook('preHandler', async (request, reply) => {
    if (hasQuery(request, 'delete')) request.body = withPlainCharacters(request.body);
    if (!isForm(request)) return undefined;
    const form = await readPostedForm(request);
    const refusal =
      form === undefined
        ? ({
            status: 400,
            code: 'MalformedPOSTRequest',
            message: 'The form is not well-formed',
          } as const)
        : checkPostPolicy(form, { ...door, bucket: targetOf(request).bucket, nowMs: Date.now() });
    if (refusal === undefined) return undefined;
    const xml = errorXml(refusal.code, refusal.message);
    return reply.status(refusal.status).type('application/xml').send(xml);
  });
  app.options('/*', async (_request, reply) => reply.status(204).send());
}

/**
 * Names that no page of anybody's can have. Where one has its own name lead here, it is of this origin
 * to its browser, and may send the key, which all copies of this program share.
 */
const localName = /^(?:(?:[\w-]+\.)*localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;

function corsHeaders(
  { headers: { origin } }: AwsRequest,
  origins: readonly string[],
): Readonly<Record<string, string>> {
  if (origin === undefined || !origins.includes(origin)) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': 'content-type',
    'access-control-expose-headers': 'ETag',
    'access-control-max-age': '3000',
    vary: 'Origin',
  };
}

function isAllowed({ headers: { origin } }: AwsRequest, door: Door): boolean {
  return origin !== undefined && door.origins().includes(origin);
}

function namesKey({ headers }: AwsRequest, accessKeyId: string): boolean {
  return headers.authorization?.includes(`Credential=${accessKeyId}/`) ?? false;
}

/** Characters by number, which the one who reads the list of keys takes for what they are written as. */
function withPlainCharacters(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return body;
  const text = body
    .toString('utf8')
    .replaceAll(/&#(?:x([\da-f]+)|(\d+));/gi, (_, hex, decimal) =>
      String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
    );
  return Buffer.from(text);
}
