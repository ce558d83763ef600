import { stat } from 'node:fs/promises';
import { createDirectoryObjects } from '../adapters/directory-objects.ts';
import { createS3Client, needsPathStyle } from '../adapters/s3-client.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { withBoundedReads } from '../core/bounded-requests.ts';
import { type Async, failure } from '../core/failure.ts';
import { createGate } from '../core/gate.ts';
import { ownPrefix } from '../core/own-keys.ts';
import type { ObjectReader } from '../core/object-store.ts';
import { err, ok } from '../core/result.ts';

/**
 * Where the pictures of a record's root are: a folder or a bucket. One that is not there as a whole is a
 * disk that is not connected more often than ten thousand pictures that are gone: so it fails.
 */
export function createPictureFolders(env = process.env): (root: string) => Async<ObjectReader> {
  const known = new Map<string, Async<ObjectReader>>();
  return (root) => {
    const found = known.get(root) ?? open(root, env);
    known.set(root, found);
    return found;
  };
}

function open(root: string, env: NodeJS.ProcessEnv): Async<ObjectReader> {
  const [, bucket] = /^s3:\/\/([^/]+)$/.exec(root) ?? [];
  return bucket === undefined ? openFolder(root) : openBucket(bucket, env);
}

/** Of all batches that are read at a time, as the client has so many sockets. */
const requestsInAll = 48;

async function openBucket(bucket: string, env: NodeJS.ProcessEnv): Async<ObjectReader> {
  const client = createS3Client({ pathStyle: needsPathStyle(env) });
  const objects = createS3Objects({ bucket, client });
  const looked = await objects.head(ownPrefix);
  return looked.ok
    ? ok(withBoundedReads(objects, createGate({ capacity: requestsInAll })))
    : looked;
}

async function openFolder(root: string): Async<ObjectReader> {
  const isFolder = await stat(root).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (isFolder) return ok(createDirectoryObjects(root));
  const wayOut = root.includes('://')
    ? 'only vectors of it are there, and no pictures that could be encoded'
    : 'connect its disk, or take its pictures out with npm run index -- <folder> --remove';
  const detail = `Cannot read the pictures as its folder is not there (${wayOut}): ${root}`;
  return err(failure('image_unreadable', detail));
}
