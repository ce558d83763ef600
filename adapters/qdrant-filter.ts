import type { MessageInitShape } from '@bufbuild/protobuf';
import type { QueryPointsSchema } from '@qdrant/js-client-grpc';
import type { Condition, Filter } from '../core/filter.ts';
import { conditionFacets } from './facets.ts';

/** The payload field that has a picture's facets. */
export const facetsField = 'facets';

export type QdrantFilter = NonNullable<MessageInitShape<typeof QueryPointsSchema>['filter']>;

/** The filter in Qdrant's language, over the one field that is indexed. */
export function compileFilter(filter: Filter): QdrantFilter {
  return {
    must: filter.filter(({ kind }) => kind !== 'not-in').map(hasAny),
    mustNot: filter.filter(({ kind }) => kind === 'not-in').map(hasAny),
  };
}

/** Nobody has the facet `-`: a list must not be empty. */
function hasAny(condition: Condition) {
  const facets = conditionFacets(condition);
  const strings = facets.length > 0 ? facets : ['-'];
  return {
    conditionOneOf: {
      case: 'field' as const,
      value: {
        key: facetsField,
        match: { matchValue: { case: 'keywords' as const, value: { strings } } },
      },
    },
  };
}
