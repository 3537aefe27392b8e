/** A token bucket, pure: `amount` is taken if there is that much, and the bucket fills with time. */
export interface BucketRate {
  /** What may be taken at once after a rest. */
  burst: number;
  perSecond: number;
}

export interface Bucket {
  readonly level: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export const fullBucket = (rate: BucketRate, now: number): Bucket => ({ level: rate.burst, at: now });

/** @returns `allowed: false` leaves the level as it is, so that a refused giant does not starve what follows. */
export function take(
  rate: BucketRate,
  bucket: Bucket,
  amount: number,
  now: number,
): { allowed: boolean; bucket: Bucket } {
  const seconds = Math.max(0, now - bucket.at) / 1000;
  const level = Math.min(rate.burst, bucket.level + seconds * rate.perSecond);
  const allowed = amount <= level;
  return { allowed, bucket: { level: allowed ? level - amount : level, at: Math.max(now, bucket.at) } };
}
