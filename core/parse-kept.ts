import type * as z from 'zod';

/** What a cache has kept as JSON; `undefined` where it has nothing, or none of ours. */
export function parseKept<T>(schema: z.ZodType<T>, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
