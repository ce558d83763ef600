import { randomUUID } from 'node:crypto';
import { createDirectoryObjects } from '../../adapters/directory-objects.ts';
import { createDirectoryUploads } from '../../adapters/directory-uploads.ts';
import { locateByRecord } from '../../core/locate-image.ts';
import type { ObjectStore } from '../../core/object-store.ts';
import type { VectorStore } from '../../core/ports.ts';
import { createUploads, type Uploads } from '../../core/uploads.ts';
import type { UploadForms } from '../../http/upload-form.ts';
import { createPoint, unit } from './points.ts';

export interface FolderUploads {
  readonly uploads: Uploads;
  readonly uploadForms: UploadForms;
  readonly objects: ObjectStore;
  /** Lets time pass for forms. */
  advance(ms: number): void;
}

/** Uploads into a folder, as `npm start` has them. */
export function createFolderUploads(directory: string, store: VectorStore): FolderUploads {
  const objects = createDirectoryObjects(directory);
  let aheadMs = 0;
  const uploadForms = createDirectoryUploads({
    objects,
    path: '/uploads/form',
    now: () => Date.now() + aheadMs,
  });
  const uploads = createUploads({
    target: uploadForms.target,
    objects,
    locate: locateByRecord(store),
    newId: randomUUID,
  });
  return { uploads, uploadForms, objects, advance: (ms) => void (aheadMs += ms) };
}

/** An indexed picture of this folder or bucket. */
export function pointOf(root: string, key: string, id: string) {
  const point = createPoint(id, unit(Float32Array.of(1, Number(id))), {
    file_path: key,
    s3_key: root.startsWith('s3://') ? `${root}/${key}` : null,
  });
  return { ...point, record: { ...point.record, origin: { root, key, version: '1' } } };
}
