const gibOfLarge: Readonly<Record<string, number>> = { t: 8, m: 8, c: 4, r: 16, x: 32, i: 16 };
const larges: Readonly<Record<string, number>> = { small: 0.25, medium: 0.5, large: 1, xlarge: 2 };

/**
 * What Qdrant may have of a machine of this type, in MiB: nine tenths of its memory without 256 MiB,
 * which are for its system and its agents. Throws where the type is not one of those known here.
 */
export function qdrantMemoryMb(instanceType: string): number {
  const [, family = '', times = '1', size = ''] =
    /^([a-z]+)\d\w*(?:-\w+)?\.(\d+(?=xlarge))?(\w+)$/.exec(instanceType) ?? [];
  const gib = (gibOfLarge[family.slice(0, 1)] ?? 0) * (larges[size] ?? 0) * Number(times);
  if (gib >= 2) return Math.floor(gib * 1024 * 0.9) - 256;
  throw new RangeError(`Cannot place Qdrant as its machine is of no known size: ${instanceType}`);
}
