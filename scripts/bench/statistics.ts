/** Order statistics of a few measurements. */

/** The value that `share` (0 to 1) of the values do not exceed, interpolated; undefined for none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]) => percentile(values, 0.5);

export function rounded(value: number | undefined, digits = 2): number | null {
  return value === undefined ? null : Number(value.toFixed(digits));
}
