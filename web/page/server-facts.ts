import type { ReadonlySignal } from '@preact/signals';
import { batch, signal } from '@preact/signals';
import type { Client } from '../client.ts';
import type { Facet } from './refine-facets.ts';

export interface Features {
  readonly explanation: boolean;
  readonly rerank: boolean;
}

/** What the page knows of the server and its index. */
export interface ServerFacts {
  /** What a language model can be asked there. */
  readonly features: ReadonlySignal<Features>;
  /** Empty where there is nothing to filter by. */
  readonly facets: ReadonlySignal<readonly Facet[]>;
  /** How many pictures can be searched; null where that is not known. */
  readonly indexed: ReadonlySignal<number | null>;
  /** Asks for all of it. What cannot be known stays as it was. */
  refresh(): Promise<void>;
}

export function createServerFacts(
  client: Pick<Client, 'health' | 'stats' | 'facets'>,
): ServerFacts {
  const features = signal<Features>({ explanation: false, rerank: false });
  const facets = signal<readonly Facet[]>([]);
  const indexed = signal<number | null>(null);
  return {
    features,
    facets,
    indexed,
    async refresh() {
      const [stats, health, counted] = await Promise.all([
        client.stats(),
        client.health(),
        client.facets(),
      ]);
      batch(() => {
        if (stats.ok) indexed.value = stats.value.collection.vectors_count;
        if (health.ok && health.value.features) features.value = health.value.features;
        if (counted.ok) facets.value = counted.value.facets;
      });
    },
  };
}
