import { contractDimensions, describeVectorStore } from '../test/contracts/vector-store.ts';
import { createMemoryStore } from './memory-store.ts';

describeVectorStore('The memory store', async () =>
  createMemoryStore({ dimensions: contractDimensions }),
);
