import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environments } from '../cdk/settings.ts';
import { createTestStacks } from './support/cdk-app.ts';

// What a change does to what is deployed, to be read in the review of it. Where it is meant:
//
//   npx vitest run test/cdk-snapshots.test.ts -u
//
// Hashes of assets and the code of inline functions are masked: code alone changes nothing here.
const folder = join(import.meta.dirname, 'fixtures/cdk');

describe.each(Object.values(environments))('The templates of $environment', (settings) => {
  const { templates } = createTestStacks(settings);

  it.each(Object.entries(templates))('%s: are as they were', async (part, template) => {
    const text = `${JSON.stringify(template, null, 2)}\n`;
    expect(text).not.toMatch(/\b[\da-f]{64}\b/);
    const file = join(folder, `${settings.environment}-${part}.json`);
    await expect(text).toMatchFileSnapshot(file);
  });
});
