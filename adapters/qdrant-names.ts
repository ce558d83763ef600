/**
 * A collection of Qdrant is behind an alias, `QDRANT_COLLECTION`, and has a name of its own:
 * `images__vit-h-14-laion2b__3` is the third generation behind `images`. The highest numbers are the
 * latest; what is above the one that the alias stands for has not been published yet.
 */
export function physicalName(alias: string, modelId: string, number: number): string {
  return `${alias}__${slugOf(modelId)}__${number}`;
}

/** The number of a generation; `undefined` for a name that is none of this alias. */
export function numberOf(alias: string, name: string): number | undefined {
  if (!name.startsWith(`${alias}__`)) return undefined;
  const [, number] = /^[a-z0-9-]+__(\d+)$/.exec(name.slice(alias.length + 2)) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** Higher than any among these names. */
export function nextNumber(alias: string, names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => numberOf(alias, name) ?? 0)) + 1;
}

function slugOf(modelId: string): string {
  const slug = modelId.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return slug.slice(0, 64).replaceAll(/^-|-$/g, '') || 'model';
}
