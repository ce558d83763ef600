const storageKey = 'api-key';

let kept = stored();

/** The key that somebody typed; it is forgotten when the tab is closed. */
export function keptKey(): string | undefined {
  return kept;
}

export function keepKey(key: string): void {
  kept = key;
  try {
    sessionStorage.setItem(storageKey, key);
  } catch {
    // Where nothing may be stored, it is kept until the page is loaded again.
  }
}

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(storageKey) ?? undefined;
  } catch {
    return undefined;
  }
}
