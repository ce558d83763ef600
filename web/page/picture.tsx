import { useState } from 'preact/hooks';
import type { Image } from '../../core/model.ts';
import { Icon } from './icons.tsx';
import { fetchAsDataUrl } from './keyed-picture.ts';
import { originalHref } from './original-href.ts';
import './picture.css';

interface PictureProps {
  readonly image: Image;
  /** Empty where the name stands beside it. */
  readonly alt: string;
  /** One of many: small where there is a small version, and loaded when it comes into view. */
  readonly isSmall: boolean;
  /** What it has to be in, in pixels; else as large as its place lets it be. */
  readonly box?: { readonly width: number; readonly height: number } | undefined;
}

/** Pictures up to so many pixels are drawings and symbols, which look better with space around them. */
const symbolPixels = 256;

/** The picture on its mat; a placeholder where the picture cannot be loaded. Give it the id as key. */
export function Picture({ image, alt, isSmall, box }: PictureProps) {
  const { width, height } = image.metadata;
  const [isLoaded, setLoaded] = useState(false);
  const { source, tryNext } = useSource(image, isSmall);
  const style = box
    ? { height: `${box.height}px` }
    : {
        'aspect-ratio': proportions(image),
        'background-image': isLoaded ? '' : smallVersion(image),
      };
  if (source === undefined) {
    return (
      <span class="mat broken" style={style}>
        <Icon name="broken" />
        <span>Cannot be shown</span>
      </span>
    );
  }
  return (
    <span class={`mat ${fitOf(image, box)}`} style={style}>
      <img
        src={source}
        alt={alt}
        loading={isSmall ? 'lazy' : 'eager'}
        decoding="async"
        width={width > 0 ? width : undefined}
        height={height > 0 ? height : undefined}
        onLoad={() => setLoaded(true)}
        onError={() => void tryNext()}
      />
    </span>
  );
}

/** One address after the other, each once more with the key that somebody typed. */
function useSource(image: Image, isSmall: boolean) {
  const [at, setAt] = useState(0);
  const [fetched, setFetched] = useState<string>();
  const sources = sourcesOf(image, isSmall);

  async function tryNext(): Promise<void> {
    const href = sources[at];
    // What came with the key and still is no picture is none.
    const isNew = fetched === undefined && href !== undefined;
    const withKey = isNew ? await fetchAsDataUrl(href) : undefined;
    setFetched(withKey);
    if (withKey === undefined) setAt(at + 1);
  }

  return { source: fetched ?? sources[at], tryNext };
}

/** Seen in the results before, and so there at once. */
function smallVersion({ metadata: { thumbnail_url } }: Image): string {
  const href = thumbnail_url ? originalHref(thumbnail_url) : '';
  return href === '' ? '' : `url(${JSON.stringify(href)})`;
}

function proportions({ metadata: { width, height } }: Image): string {
  return width > 0 && height > 0 ? `${width} / ${height}` : '4 / 3';
}

/** Up to so much of a picture may be out of its box. */
const cropped = 0.25;

/** `filling` where the box has nearly the proportions of the picture: no edges then. */
function fitOf({ metadata: { width, height } }: Image, box: PictureProps['box']): string {
  if (Math.max(width, height) <= symbolPixels) return 'symbol';
  if (!box || width <= 0 || height <= 0) return '';
  const ratio = (box.width * height) / (box.height * width);
  return Math.min(ratio, 1 / ratio) >= 1 - cropped ? 'filling' : '';
}

/** The small version may be gone, or be unknown to the server that has the original. */
function sourcesOf({ metadata }: Image, isSmall: boolean): string[] {
  const original = originalHref(metadata.url);
  const { thumbnail_url } = metadata;
  const small = isSmall && thumbnail_url ? originalHref(thumbnail_url) : '';
  // Twice the same would never fail a second time, and stay a broken picture.
  return [...new Set([small, original])].filter((href) => href !== '');
}
