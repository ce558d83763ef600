import { hash as digest, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';

const prefix = 'ps_';

/** The form that `createApiKey` gives: a person can't choose a weak key by mistake. */
const keyPattern = /^ps_[A-Za-z0-9_-]{43}$/;

/** What a key may be used for. None includes another. */
export const Scope = z.enum(['search', 'write', 'admin']);
export type Scope = z.infer<typeof Scope>;

/** `perSecond` 0: no limit. */
const KeyRate = z.strictObject(
  {
    perSecond: z.number().min(0).max(100_000),
    burst: z.int().min(1).max(100_000),
  },
  { error: withoutInput('must be { perSecond, burst }') },
);

export const ApiKey = z.strictObject(
  {
    /** For logs and limits: not secret. */
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be 1 to 32 small letters, digits or "-"'),
    /** `sha256:` and the hash of the key in hex. */
    hash: z
      .string()
      .regex(
        /^sha256:[\da-f]{64}$/,
        'must be "sha256:" and 64 hex digits, never the key itself (npm run keys makes both)',
      ),
    scopes: z.array(Scope).min(1).max(Scope.options.length),
    /** Left out: the rate of everybody. */
    rate: KeyRate.optional(),
  },
  { error: withoutInput('must be { id, hash, scopes, rate? }') },
);
export type ApiKey = z.infer<typeof ApiKey>;

const KeyList = z
  .array(ApiKey, { error: withoutInput('must be a list of keys') })
  .max(1000, 'must have at most 1000 keys')
  .refine((keys) => areUnique(keys.map(({ id }) => id)), 'must not have an id twice')
  .refine((keys) => areUnique(keys.map(({ hash }) => hash)), 'must not have a hash twice');

/**
 * Keys as JSON text: `[{ "id": "web", "hash": "sha256:…", "scopes": ["search"], "rate":
 * { "perSecond": 10, "burst": 20 } }]`. What it says of a wrong text repeats nothing of the text.
 */
export const ApiKeys = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be valid JSON: a list of keys' });
      return z.NEVER;
    }
  })
  .pipe(KeyList);
export type ApiKeys = z.infer<typeof ApiKeys>;

/** Whose key this is; `undefined` for a key of nobody. */
export type ApiKeyCheck = (presented: string) => ApiKey | undefined;

/** Compares with every key, so that the time it takes says nothing about any of them. */
export function createApiKeyCheck(keys: readonly ApiKey[]): ApiKeyCheck {
  const known = keys.map((key) => ({ key, hash: Buffer.from(key.hash) }));
  return (presented) => {
    if (!keyPattern.test(presented)) return undefined;
    const hash = Buffer.from(hashApiKey(presented));
    let found: ApiKey | undefined;
    for (const one of known) if (timingSafeEqual(one.hash, hash)) found = one.key;
    return found;
  };
}

/** A new key: 256 random bits. Whoever loses it makes another; only the hash is kept. */
export function createApiKey(): string {
  return `${prefix}${randomBytes(32).toString('base64url')}`;
}

export function hashApiKey(key: string): string {
  return `sha256:${digest('sha256', key, 'hex')}`;
}

function areUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/** zod's own messages name unknown fields, and such a name may be a key that went astray. */
function withoutInput(message: string): z.core.$ZodErrorMap {
  return () => message;
}
