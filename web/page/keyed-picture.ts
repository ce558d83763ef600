import { keptKey } from './api-key.ts';

/**
 * A picture of this server, fetched with the kept key: an `img` or a link can't send one.
 * `undefined` where there is no key, and for other servers, whom the key is no business of.
 */
export async function fetchWithKey(href: string): Promise<Blob | undefined> {
  const key = keptKey();
  if (key === undefined || new URL(href, location.href).origin !== location.origin)
    return undefined;
  try {
    const response = await fetch(href, { headers: { authorization: `Bearer ${key}` } });
    return response.ok ? await response.blob() : undefined;
  } catch {
    return undefined;
  }
}

/** As a text, which the content security policy lets an `img` have. */
export async function fetchAsDataUrl(href: string): Promise<string | undefined> {
  const blob = await fetchWithKey(href);
  if (blob === undefined) return undefined;
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(String(reader.result)));
    reader.addEventListener('error', () => resolve(undefined));
    reader.readAsDataURL(blob);
  });
}
