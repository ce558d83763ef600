import type { SizingSpec } from './sizing-bytes.ts';
import { planEmbedded, planQdrant, type SizingPlan } from './sizing-plan.ts';
import { prices } from './sizing-prices.ts';
import { formatTable } from './text-table.ts';

/** Between these the table stands in docs/operations.md. */
export const sizingMarkers = {
  begin: '<!-- sizing:begin, written by npm run sizing -- --markdown -->',
  end: '<!-- sizing:end -->',
} as const;

const usual = { m: 16, payloadBytes: 600, searchSpace: true } as const;

export function specOf(
  changed: Partial<SizingSpec> & Pick<SizingSpec, 'vectors' | 'dimensions'>,
): SizingSpec {
  return { ...usual, quantization: 'int8', onDisk: false, ...changed };
}

/** What the docs show: one machine, then more and more, each as it is sensible. */
export function standardPlans(): SizingPlan[] {
  const million = 1_000_000;
  const small = [million, 10 * million].flatMap((vectors) => [
    planEmbedded(specOf({ vectors, dimensions: 512 })),
    planQdrant(specOf({ vectors, dimensions: 1024 }), 1),
  ]);
  const large = [10, 100, 1000].flatMap((millions) => {
    const spec = { vectors: millions * million, dimensions: 1024 };
    return [
      planQdrant(specOf(spec), 2),
      planQdrant(specOf({ ...spec, onDisk: true }), 2),
      planQdrant(specOf({ ...spec, onDisk: true, quantization: 'product' }), 2),
    ];
  });
  return [...small, ...large].filter((plan) => plan !== undefined);
}

const head = [
  'vectors',
  'dimensions',
  'store',
  'quantized',
  'full vectors',
  'replicas',
  'RAM',
  'disk',
  'nodes',
  'USD a month',
];

export function sizingMarkdown(plans: readonly SizingPlan[]): string {
  const lines = [head, ...plans.map(cellsOf)].map((cells) => `| ${cells.join(' | ')} |`);
  lines.splice(1, 0, `|${'---|'.repeat(head.length)}`);
  return `${lines.join('\n')}\n\n${footnote()}\n`;
}

export function sizingText(plans: readonly SizingPlan[]): string {
  return `${formatTable(head, plans.map(cellsOf))}\n\n${footnote()}\n`;
}

function footnote(): string {
  return `RAM and disk of all replicas. Prices: ${prices.region}, list, on demand, ${prices.date}: check them. The formulas are in scripts/sizing-bytes.ts.`;
}

function cellsOf(plan: SizingPlan): string[] {
  const { spec, store, replicas, memoryBytes, diskBytes, nodes, instance, monthly } = plan;
  return [
    count(spec.vectors),
    String(spec.dimensions),
    store,
    store === 'embedded' ? 'int8' : spec.quantization,
    store === 'qdrant' && spec.onDisk ? 'on disk' : 'in RAM',
    String(replicas),
    size(memoryBytes),
    size(diskBytes),
    `${nodes} × ${instance}`,
    Math.round(monthly).toLocaleString('en'),
  ];
}

function count(vectors: number): string {
  return vectors % 1_000_000 === 0
    ? `${(vectors / 1_000_000).toLocaleString('en')} M`
    : vectors.toLocaleString('en');
}

function size(bytes: number): string {
  if (bytes >= 1e12) return `${(bytes / 1e12).toFixed(1)} TB`;
  return `${bytes >= 1e10 ? Math.round(bytes / 1e9) : (bytes / 1e9).toFixed(1)} GB`;
}
