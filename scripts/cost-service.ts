import type { Settings } from '../cdk/settings.ts';
import { failure, type Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type CostCase, type CostLine, linesOf } from './cost-lines.ts';
import { costPrices, machines } from './cost-prices.ts';
import { diskOf } from './sizing-bytes.ts';
import { specOf } from './sizing-table.ts';

/** What is taken for granted of machines and of copies of the index. */
const serviceFacts = {
  /** Two images of the GPU's libraries and a model, and the system. */
  gpuDiskGb: 100,
  qdrantRootGb: 30,
  /** Nightly copies in S3, each without the log and what is being rewritten. */
  snapshots: 7,
  /** Interface endpoints of the network: cdk/constructs/network-endpoints.ts. */
  endpoints: 9,
  /** Units of the load balancer that are paid for even where nothing comes. */
  balancerUnits: 1,
  /** Of one search from the edge to the service, both ways; a unit is a GB in an hour. */
  searchKb: 8,
} as const;

const { hoursPerMonth, diskPerGbMonth, network, fargate, s3 } = costPrices;

/** Every machine that the settings name has a price, or a sentence says which has none. */
export function checkMachines({ service, qdrant, backfill }: Settings): Result<void, Failure> {
  const named = [
    ...(service.kind === 'gpu' ? [service.instanceType] : []),
    ...(qdrant.kind === 'own' ? [qdrant.instanceType] : []),
    backfill.instanceType,
  ];
  const unknown = named.find((name) => machines[name] === undefined);
  if (unknown === undefined) return ok(undefined);
  const why = `scripts/cost-prices.ts has no price of this machine: ${unknown}`;
  return err(failure('invalid_field', `Cannot compute the cost as ${why}`));
}

/** The ways inside, and the one outside where a language model or somebody's Qdrant is asked. */
export function networkLines({ settings, usage }: CostCase): CostLine[] {
  const endpoints = serviceFacts.endpoints * settings.endpointZones;
  const { explanations, reranking } = settings.llm;
  const asksOutside = explanations || reranking || settings.qdrant.kind === 'outside';
  const gb = (usage.searchesPerMonth * serviceFacts.searchKb) / 1e6;
  const always = (item: string, count: number, perHour: number) =>
    ({
      item,
      quantity: count * hoursPerMonth,
      unit: 'hour',
      price: perHour,
      by: 'always',
    }) as const;
  return linesOf('network', [
    always(`${endpoints} private endpoints`, endpoints, network.endpointPerHour),
    always('load balancer', 1, network.balancerPerHour),
    always('load balancer, least unit', serviceFacts.balancerUnits, network.balancerUnitPerHour),
    {
      item: 'load balancer, searches',
      quantity: gb,
      unit: 'unit hour',
      price: network.balancerUnitPerHour,
      by: 'searches',
    },
    always('way to the internet', asksOutside ? 1 : 0, network.natPerHour),
  ]);
}

/** Encoder and search, with machines that wait. */
export function serviceLines({ settings: { service }, usage }: CostCase): CostLine[] {
  const tasks = service.minTasks + Math.min(usage.moreTasks, service.maxTasks - service.minTasks);
  if (service.kind === 'cpu') {
    const { vcpus, memoryMb } = service;
    const perHour = vcpus * fargate.vcpuPerHour + (memoryMb / 1024) * fargate.gbPerHour;
    return linesOf('service', [hours(`Fargate, ${vcpus} vCPU, ${memoryMb} MB`, tasks, perHour)]);
  }
  const count = tasks + service.spareInstances;
  return linesOf('service', [
    hours(service.instanceType, tasks, hourlyOf(service.instanceType)),
    hours(`${service.instanceType}, spare`, service.spareInstances, hourlyOf(service.instanceType)),
    disk('disks of these', count * serviceFacts.gpuDiskGb),
  ]);
}

export function qdrantLines({ settings, usage }: CostCase): CostLine[] {
  const { qdrant, model } = settings;
  if (qdrant.kind === 'outside') return [];
  const index = diskOf(specOf({ vectors: usage.pictures, dimensions: model.dimensions }));
  return linesOf('qdrant', [
    hours(qdrant.instanceType, 1, hourlyOf(qdrant.instanceType)),
    disk('volume', qdrant.volumeGb),
    disk('disk of the system', serviceFacts.qdrantRootGb),
    {
      item: `${serviceFacts.snapshots} copies in S3`,
      quantity: (index / 1.5 / 1e9) * serviceFacts.snapshots,
      unit: 'GB',
      price: s3.perGbMonth,
      by: 'pictures',
    },
  ]);
}

/** `checkMachines` comes first: one without a price is a bug here. */
export function hourlyOf(instanceType: string): number {
  const hourly = machines[instanceType];
  if (hourly === undefined) throw new Error(`There is no price of ${instanceType}`);
  return hourly;
}

function hours(item: string, count: number, perHour: number): Omit<CostLine, 'part'> {
  const quantity = count * hoursPerMonth;
  return { item, quantity, unit: 'hour', price: perHour, by: 'always' };
}

function disk(item: string, gb: number): Omit<CostLine, 'part'> {
  return { item, quantity: gb, unit: 'GB', price: diskPerGbMonth, by: 'always' };
}
