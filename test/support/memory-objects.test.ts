import { imageLimits } from '../../core/image-limits.ts';
import { describeObjectStore } from '../contracts/object-store.ts';
import { createMemoryObjects, type MemoryObjects } from './memory-objects.ts';

describeObjectStore('a bucket in memory', {
  kind: 'bucket',
  create: async () => createMemoryObjects(),
  async putTooLarge(store, key) {
    (store as MemoryObjects).upload(key, new Uint8Array(imageLimits.bytes + 1));
  },
});
