import type { S3Client } from '@aws-sdk/client-s3';
import { openS3Inventory, type S3Inventory } from '../../adapters/s3-inventory.ts';
import type { Async } from '../../core/failure.ts';
import { ownPrefix } from '../../core/own-keys.ts';
import type { ObjectReader } from '../../core/object-store.ts';
import { ok } from '../../core/result.ts';

export interface ListingOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly objects: Pick<ObjectReader, 'head'>;
  /** `s3://bucket/…/manifest.json`. Left out: the bucket lists itself. */
  readonly inventory: string | undefined;
  readonly directory?: string;
}

/** Finds out whether the bucket can be read, and the inventory used, before anything dear is done. */
export async function openListing(options: ListingOptions): Async<S3Inventory | undefined> {
  const looked = await options.objects.head(ownPrefix);
  if (!looked.ok) return looked;
  const { inventory: manifest, ...rest } = options;
  return manifest === undefined ? ok(undefined) : openS3Inventory({ ...rest, manifest });
}
