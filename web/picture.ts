import type { Image } from '../core/model.ts';
import { element, icon } from './element.ts';
import { fetchAsDataUrl } from './keyed-picture.ts';

interface PictureOptions {
  /** Empty where the name stands beside it. */
  readonly alt: string;
  /** One of many: small where there is a small version, and loaded when it comes into view. */
  readonly small: boolean;
}

/** The picture on its mat; a placeholder where the picture cannot be loaded. */
export function createPicture({ metadata }: Image, { alt, small }: PictureOptions): HTMLElement {
  const mat = element('div', { class: 'mat' });
  const { width, height, thumbnail_url } = metadata;
  const picture = element('img', {
    alt,
    loading: small ? 'lazy' : 'eager',
    decoding: 'async',
    width: width > 0 ? width : undefined,
    height: height > 0 ? height : undefined,
  });
  const sources = [originalHref(metadata.url)];
  // The small version may be gone, or be unknown to the server that has the original.
  if (small && thumbnail_url) sources.unshift(originalHref(thumbnail_url));
  let at = 0;
  picture.addEventListener('error', async () => {
    const href = sources[at];
    const isFetched = picture.src.startsWith('data:');
    const fetched = isFetched || href === undefined ? undefined : await fetchAsDataUrl(href);
    const next = fetched ?? sources[(at += 1)];
    if (next !== undefined) {
      picture.src = next;
      return;
    }
    mat.classList.add('broken');
    mat.replaceChildren(icon('broken'), element('span', {}, 'Cannot be shown'));
  });
  picture.src = sources[0] ?? '';
  mat.append(picture);
  return mat;
}

/** Never `javascript:`, whatever the index says. */
export function originalHref(url: string): string {
  const parsed = URL.canParse(url, location.href) ? new URL(url, location.href) : null;
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed.href : '';
}
