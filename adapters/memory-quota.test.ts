import { describeQuota } from '../test/contracts/quota.ts';
import { createMemoryQuota } from './memory-quota.ts';

describeQuota('The count of one process', async () => ({
  create: (limit, epochMs) => createMemoryQuota({ limit, epochMs }),
}));
