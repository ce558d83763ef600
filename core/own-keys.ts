import type { ImageId } from './model.ts';

/**
 * What the index keeps in a bucket beside the pictures. It begins with a dot, as folders do that are
 * left out of an index, and notifications of the bucket must leave it out too.
 */
export const ownPrefix = '.picture-search/';

/** Whether this is one of our own files, and no picture of the bucket's. */
export function isOwnKey(key: string): boolean {
  return key.startsWith(ownPrefix);
}

/** A small version of a picture: WebP, at most 512 pixels. */
export function thumbnailKey(id: ImageId): string {
  return `${thumbnailsPrefix}${id}.webp`;
}

/** Why a picture is not in the index: JSON, as long as it is not. */
export function rejectKey(id: ImageId): string {
  return `${rejectsPrefix}${id}.json`;
}

export const thumbnailsPrefix = `${ownPrefix}thumbnails/`;

export const rejectsPrefix = `${ownPrefix}rejects/`;

export const manifestsPrefix = `${ownPrefix}manifests/`;

export const reconcilePrefix = `${ownPrefix}reconcile/`;

/** Written whenever the index has changed, so that a CDN hears of it: its event counts, not its text. */
export const announcementKey = `${ownPrefix}generation`;
