import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { PostedForm } from './posted-form.ts';

export interface Refusal {
  readonly status: 400 | 403;
  readonly code: string;
  readonly message: string;
}

export interface PolicyCheck {
  readonly bucket: string;
  readonly secretAccessKey: string;
  /** Unix time. */
  readonly nowMs: number;
}

const Condition = z.union([
  z.tuple([z.literal('content-length-range'), z.coerce.number(), z.coerce.number()]),
  z.tuple([z.enum(['eq', 'starts-with']), z.string().startsWith('$'), z.string()]),
  z.record(z.string(), z.string()),
]);

const Policy = z.object({
  expiration: z.iso.datetime(),
  conditions: z.array(Condition),
});

/** What a form may have without a word of its policy about it. */
const unconditioned = /^(?:policy|x-amz-signature|file|x-ignore-.*)$/;

/** Why S3 would refuse this form, or `undefined` where it would take it. */
export function checkPostPolicy(
  { fields, fileBytes }: PostedForm,
  { bucket, secretAccessKey, nowMs }: PolicyCheck,
): Refusal | undefined {
  const encoded = fields.get('policy');
  if (encoded === undefined) return denied('Access Denied');
  if (!isSignedBy(secretAccessKey, encoded, fields)) return wrongSignature;
  const policy = parsePolicy(encoded);
  if (policy === undefined) return denied('Invalid Policy: Invalid JSON.');
  if (Date.parse(policy.expiration) <= nowMs) {
    return denied('Invalid according to Policy: Policy expired.');
  }
  const given = new Map(fields).set('bucket', bucket);
  const conditioned = new Set(['bucket']);
  for (const condition of policy.conditions) {
    if (Array.isArray(condition) && condition[0] === 'content-length-range') {
      const refused = checkLength(fileBytes ?? 0, condition[1], condition[2]);
      if (refused !== undefined) return refused;
      continue;
    }
    for (const { operator, name, value } of toComparisons(condition)) {
      conditioned.add(name);
      const actual = given.get(name) ?? '';
      const holds = operator === 'eq' ? actual === value : actual.startsWith(value);
      if (!holds) {
        const shown = JSON.stringify([operator, `$${name}`, value]);
        return denied(`Invalid according to Policy: Policy Condition failed: ${shown}`);
      }
    }
  }
  const extra = [...fields.keys()].find(
    (name) => !conditioned.has(name) && !unconditioned.test(name),
  );
  if (extra === undefined) return undefined;
  return denied(`Invalid according to Policy: Extra input fields: ${extra}`);
}

interface Comparison {
  readonly operator: 'eq' | 'starts-with';
  readonly name: string;
  readonly value: string;
}

function toComparisons(condition: z.infer<typeof Condition>): Comparison[] {
  if (!Array.isArray(condition)) {
    return Object.entries(condition).map(([name, value]) => ({
      operator: 'eq',
      name: name.toLowerCase(),
      value,
    }));
  }
  const [operator, name, value] = condition;
  if (operator === 'content-length-range') return [];
  return [{ operator, name: name.slice(1).toLowerCase(), value }];
}

function checkLength(bytes: number, min: number, max: number): Refusal | undefined {
  if (bytes < min) {
    const message = 'Your proposed upload is smaller than the minimum allowed size';
    return { status: 400, code: 'EntityTooSmall', message };
  }
  if (bytes <= max) return undefined;
  const message = 'Your proposed upload exceeds the maximum allowed size';
  return { status: 400, code: 'EntityTooLarge', message };
}

function parsePolicy(encoded: string): z.infer<typeof Policy> | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
    return Policy.safeParse(json).data;
  } catch {
    return undefined;
  }
}

/** Signature version 4 of a form: of its policy, with a key of the day, the region and the service. */
function isSignedBy(secret: string, policy: string, fields: PostedForm['fields']): boolean {
  const [, ...scope] = (fields.get('x-amz-credential') ?? '').split('/');
  if (fields.get('x-amz-algorithm') !== 'AWS4-HMAC-SHA256' || scope.length !== 4) return false;
  const sign = (key: string | Buffer, text: string) =>
    createHmac('sha256', key).update(text).digest();
  const key = scope.reduce<string | Buffer>(sign, `AWS4${secret}`);
  const expected = sign(key, policy);
  const given = Buffer.from(fields.get('x-amz-signature') ?? '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const wrongSignature: Refusal = {
  status: 403,
  code: 'SignatureDoesNotMatch',
  message:
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
};

function denied(message: string): Refusal {
  return { status: 403, code: 'AccessDenied', message };
}
