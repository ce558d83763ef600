import type { Image } from '../core/model.ts';
import { element, icon } from './element.ts';
import { fetchAsDataUrl } from './keyed-picture.ts';

interface PictureOptions {
  /** Empty where the name stands beside it. */
  readonly alt: string;
  readonly lazy: boolean;
}

/** The picture on its mat; a placeholder where the picture cannot be loaded. */
export function createPicture({ metadata }: Image, { alt, lazy }: PictureOptions): HTMLElement {
  const mat = element('div', { class: 'mat' });
  const { width, height } = metadata;
  const picture = element('img', {
    alt,
    loading: lazy ? 'lazy' : 'eager',
    decoding: 'async',
    width: width > 0 ? width : undefined,
    height: height > 0 ? height : undefined,
  });
  const href = originalHref(metadata.url);
  picture.addEventListener('error', async () => {
    const fetched = picture.src.startsWith('data:') ? undefined : await fetchAsDataUrl(href);
    if (fetched !== undefined) {
      picture.src = fetched;
      return;
    }
    mat.classList.add('broken');
    mat.replaceChildren(icon('broken'), element('span', {}, 'Cannot be shown'));
  });
  picture.src = href;
  mat.append(picture);
  return mat;
}

/** Never `javascript:`, whatever the index says. */
export function originalHref(url: string): string {
  const parsed = URL.canParse(url, location.href) ? new URL(url, location.href) : null;
  return parsed && /^https?:$/.test(parsed.protocol) ? parsed.href : '';
}
