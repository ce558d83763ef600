import { type ApiKey, createApiKey, hashApiKey } from '../../core/api-keys.ts';

/** A key as its owner has it, with its entry in `API_KEYS`. */
export function createKey(
  entry: Partial<Omit<ApiKey, 'hash'>> = {},
): ApiKey & { readonly key: string } {
  const key = createApiKey();
  return { key, id: 'web', scopes: ['search'], ...entry, hash: hashApiKey(key) };
}
