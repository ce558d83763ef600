import type { Settings } from '../cdk/settings.ts';
import type { CostUsage } from './cost-usage.ts';

export const parts = [
  'network',
  'front',
  'edge',
  'cache',
  'service',
  'qdrant',
  'pictures',
  'benchmark',
  'watching',
  'language models',
] as const;
export type Part = (typeof parts)[number];

/** One thing that is paid for in a month. */
export interface CostLine {
  readonly part: Part;
  readonly item: string;
  readonly quantity: number;
  readonly unit: string;
  /** USD for one unit. */
  readonly price: number;
  /** What makes it more: nothing, searches, pictures that are kept, or pictures that come. */
  readonly by: 'always' | 'searches' | 'pictures' | 'uploads';
}

export interface CostCase {
  readonly settings: Settings;
  readonly usage: CostUsage;
}

/** Lines of one part; such as nothing is paid for are left out. */
export function linesOf(part: Part, lines: readonly Omit<CostLine, 'part'>[]): CostLine[] {
  return lines.filter(({ quantity }) => quantity > 0).map((line) => ({ part, ...line }));
}

export function usdOf({ quantity, price }: Pick<CostLine, 'quantity' | 'price'>): number {
  return quantity * price;
}
