/** The day by UTC, such as `2030-01-31`: quotas are for one. */
export function utcDay(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}
