import type { Hit } from '../../core/model.ts';
import { pictureUrls } from '../../http/pictures.ts';
import { createRecord } from './points.ts';

/** A result as a search gives it. */
export function hitOf(id: string, changes: Partial<Hit> = {}): Hit {
  const record = createRecord(id);
  return {
    id,
    score: 0.5,
    confidence: null,
    duplicates: [],
    metadata: { ...record.metadata, ...pictureUrls(record) },
    ...changes,
  };
}
