import type { Thumbnails } from '../core/llm.ts';
import type { ObjectReader } from '../core/object-store.ts';
import { thumbnailKey } from '../core/own-keys.ts';
import { ok } from '../core/result.ts';
import type { AwsEnvironment } from './config.ts';

/** For one of them, all tries included: a picture that keeps everybody waiting is left out. */
const deadlineMs = 2_000;

/**
 * Small versions of pictures from the bucket, as the indexer has put them there, or else from where
 * pictures are shown. The SDK of AWS is loaded when somebody wants one: see `openUploads`.
 *
 * @returns `undefined` where neither is known.
 */
export function openThumbnails(parts: {
  readonly bucket?: string | undefined;
  /** `PICTURES_URL`: where results say that their pictures are. */
  readonly base?: string | undefined;
  readonly aws: AwsEnvironment;
}): Thumbnails | undefined {
  const { bucket, base, aws } = parts;
  const ofBucket = bucket === undefined ? undefined : once(() => loadBucket(bucket, aws));
  const ofUrls = base === undefined ? undefined : once(() => loadUrls(base));
  if (!ofBucket) return ofUrls;
  if (!ofUrls) return ofBucket;
  return {
    async of(hit, signal) {
      const found = await ofBucket.of(hit, signal);
      return found.ok || signal.aborted ? found : ofUrls.of(hit, signal);
    },
  };
}

function once(load: () => Promise<Thumbnails>): Thumbnails {
  let loaded: Promise<Thumbnails> | undefined;
  return { of: async (hit, signal) => (await (loaded ??= load())).of(hit, signal) };
}

async function loadBucket(bucket: string, aws: AwsEnvironment): Promise<Thumbnails> {
  const [{ createS3Client, needsPathStyle }, { createS3Objects }] = await Promise.all([
    import('../adapters/s3-client.ts'),
    import('../adapters/s3-objects.ts'),
  ]);
  const client = createS3Client({ pathStyle: needsPathStyle(aws) });
  return thumbnailsIn(createS3Objects({ bucket, client, deadlineMs }));
}

function thumbnailsIn(objects: Pick<ObjectReader, 'get'>): Thumbnails {
  return {
    async of({ id }, signal) {
      const read = await objects.get(thumbnailKey(id), signal);
      return read.ok ? ok({ bytes: read.value.bytes, type: 'image/webp' }) : read;
    },
  };
}

async function loadUrls(base: string): Promise<Thumbnails> {
  const { createUrlThumbnails } = await import('../adapters/url-thumbnails.ts');
  return createUrlThumbnails({ base, deadlineMs });
}
