import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesFilter } from '../core/filter.ts';
import { arbitraryFilter, arbitraryMetadata } from '../test/support/arbitrary-filters.ts';
import { createRecord } from '../test/support/points.ts';
import { conditionFacets, metadataFacets } from './facets.ts';

describe('facets', () => {
  it('mean what the filter language means', () => {
    let matched = 0;
    assert(
      property(arbitraryMetadata, arbitraryFilter, (given, filter) => {
        const { metadata } = createRecord('1', given);
        const facets = new Set(metadataFacets(metadata));
        const meets = filter.every((condition) => {
          const hasOne = conditionFacets(condition).some((one) => facets.has(one));
          return condition.kind === 'not-in' ? !hasOne : hasOne;
        });
        if (meets) matched++;
        expect(meets).toBe(matchesFilter(metadata, filter));
      }),
      { numRuns: 2_000, seed: 5 },
    );
    expect(matched).toBeGreaterThan(100);
  });

  it('are as short for long values as for short ones, and need no escaping', () => {
    const { metadata } = createRecord('1', { note: `'"\\`.repeat(100), 'a key': 0.1 });
    for (const one of metadataFacets(metadata)) expect(one).toMatch(/^[\w-]{12}$/);
  });

  it('are some dozen for an ordinary picture', () => {
    expect(metadataFacets(createRecord('1').metadata).length).toBeLessThan(24);
  });
});
