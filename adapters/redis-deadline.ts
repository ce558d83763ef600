/**
 * Calls back when the time is over, unless it is cancelled before. A process that was busy all the
 * while reads first what has arrived: what only waits to be read is not late.
 *
 * @returns Cancels it.
 */
export function afterDeadline(ms: number, call: () => void): () => void {
  let reading: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    reading = setImmediate(call);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(reading);
  };
}
