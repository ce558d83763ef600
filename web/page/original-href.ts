/** Never `javascript:`, whatever the index says. */
export function originalHref(url: string): string {
  const parsed = URL.canParse(url, location.href) ? new URL(url, location.href) : null;
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed.href : '';
}
