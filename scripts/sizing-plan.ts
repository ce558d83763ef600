import { diskOf, memoryOf, type SizingSpec, sizingFacts } from './sizing-bytes.ts';
import { type InstanceType, prices } from './sizing-prices.ts';

/** What it takes to run it. */
export interface SizingPlan {
  readonly spec: SizingSpec;
  readonly store: 'qdrant' | 'embedded';
  readonly replicas: number;
  /** Of all copies. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly instance: string;
  readonly nodes: number;
  /** USD, list prices. */
  readonly monthly: number;
}

/** The cheapest nodes that hold it; of nearly as cheap ones the fewest. */
export function planQdrant(spec: SizingSpec, replicas: number): SizingPlan {
  const memoryBytes = memoryOf(spec) * replicas;
  const diskBytes = diskOf(spec) * replicas;
  const plans = prices.instances.map((instance) => {
    const nodes = Math.max(replicas, Math.ceil(memoryBytes / usableOf(instance)));
    const monthly = costOf(instance, nodes, diskBytes);
    return {
      spec,
      store: 'qdrant' as const,
      replicas,
      memoryBytes,
      diskBytes,
      instance: instance.name,
      nodes,
      monthly,
    };
  });
  return cheapest(plans);
}

/**
 * Measured, bytes per vector of the embedded store (zvec, int8 and full vectors, m 16): 3.5 GB resident
 * for 1 M × 512. Of these the vectors are 4 + 1 bytes a dimension; the rest is graph, records, facets.
 */
export const embeddedFacts = {
  measuredBytes: 3500,
  measuredDimensions: 512,
  perDimension: 5,
} as const;

/** One machine holds all of it, or it can't be. */
export function planEmbedded(spec: SizingSpec): SizingPlan | undefined {
  const { measuredBytes, measuredDimensions, perDimension } = embeddedFacts;
  const rest = measuredBytes - measuredDimensions * perDimension;
  const memoryBytes = spec.vectors * (rest + spec.dimensions * perDimension);
  // The graph is built beside the one that is searched.
  const diskBytes = memoryBytes * 2;
  const plans = prices.instances
    .filter((instance) => memoryBytes <= usableOf(instance))
    .map((instance) => {
      const monthly = costOf(instance, 1, diskBytes);
      const fixed = { spec, store: 'embedded' as const, replicas: 1, nodes: 1 };
      return { ...fixed, memoryBytes, diskBytes, instance: instance.name, monthly };
    });
  return plans.length > 0 ? cheapest(plans) : undefined;
}

/** The system and what runs beside. */
const reservedBytes = 2 ** 30;

function usableOf({ memoryGib }: InstanceType): number {
  return memoryGib * 2 ** 30 * sizingFacts.usableMemory - reservedBytes;
}

function costOf({ hourly }: InstanceType, nodes: number, diskBytes: number): number {
  return nodes * hourly * prices.hoursPerMonth + (diskBytes / 1e9) * prices.diskPerGbMonth;
}

/** A tenth less money for a multiple of the nodes is no gain. */
const worthFewerNodes = 1.1;

function cheapest(plans: readonly SizingPlan[]): SizingPlan {
  const least = Math.min(...plans.map(({ monthly }) => monthly));
  const [best] = plans
    .filter(({ monthly }) => monthly <= least * worthFewerNodes)
    .sort((a, b) => a.nodes - b.nodes || a.monthly - b.monthly);
  if (!best) throw new Error('Cannot plan as there are no instances to choose from');
  return best;
}
