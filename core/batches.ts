/**
 * Groups what arrives into batches of at most `maxCount` items and about `maxWeight` in total; an
 * item heavier than that is a batch of its own. Bounds the memory of whoever loads a batch.
 */
export async function* inBatches<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limits: { readonly maxCount: number; readonly maxWeight: number },
  weightOf: (item: T) => number,
): AsyncGenerator<T[]> {
  let batch: T[] = [];
  let weight = 0;
  for await (const item of items) {
    const added = weightOf(item);
    const full = batch.length === limits.maxCount || weight + added > limits.maxWeight;
    if (full && batch.length > 0) {
      yield batch;
      batch = [];
      weight = 0;
    }
    batch.push(item);
    weight += added;
  }
  if (batch.length > 0) yield batch;
}
