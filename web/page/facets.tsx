import { useState } from 'preact/hooks';
import { labelOf, valueText } from './describe.ts';
import type { PageState } from './page-state.ts';
import type { Facet } from './refine-facets.ts';
import { hasFacet, withFacetToggled } from './refine-merge.ts';
import type { Turn } from './types.ts';
import './facets.css';

const shownAtFirst = 8;
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

interface FacetsProps {
  readonly turn: Turn;
  readonly page: PageState;
}

/** What the newest results can be narrowed by; nothing where pictures have nothing in common. */
export function Facets({ turn, page }: FacetsProps) {
  const facets = page.facts.facets.value;
  const [isOpen, setOpen] = useState(false);
  const [first, ...others] = facets;
  if (!first) return null;
  const isInUse = others.some(({ key }) =>
    turn.search.value.conditions.some((condition) => condition.key === key),
  );
  const shown = isOpen || isInUse ? facets : [first];
  return (
    <div class="facets" role="group" aria-label="Filter these results">
      {shown.map((facet) => (
        <FacetRow key={facet.key} facet={facet} turn={turn} page={page} />
      ))}
      {others.length > 0 && !isInUse && (
        <button
          class="text-button"
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? 'Fewer filters' : 'More filters'}
        </button>
      )}
    </div>
  );
}

function FacetRow({ facet, turn, page }: FacetsProps & { readonly facet: Facet }) {
  const [isOpen, setOpen] = useState(false);
  const search = turn.search.value;
  const { key, values } = facet;
  const isLong = values.length > shownAtFirst + 2;
  const isShown = (value: Facet['values'][number]['value'], at: number) =>
    isOpen || !isLong || at < shownAtFirst || hasFacet(search, key, value);
  return (
    <div class="facet" role="group" aria-label={labelOf(key)}>
      <span class="facet-name" aria-hidden="true">
        {labelOf(key)}
      </span>
      {values
        .filter(({ value }, at) => isShown(value, at))
        .map(({ value, count }) => (
          <button
            key={String(value)}
            class="chip toggle"
            type="button"
            aria-pressed={hasFacet(search, key, value)}
            onClick={() => page.conversation.change(turn, withFacetToggled(search, key, value))}
          >
            {valueText(value)} <span class="count">{whole.format(count)}</span>
          </button>
        ))}
      {isLong && (
        <button
          class="text-button"
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? 'Fewer' : `${values.length - shownAtFirst} more`}
          <span class="unseen"> of {labelOf(key)}</span>
        </button>
      )}
    </div>
  );
}
