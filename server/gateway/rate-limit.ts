/** Token buckets by key: what one address may try, what one person may send over however many connections. */
import type { Clock } from '../clock.ts';
import { type Bucket, type BucketRate, fullBucket, take } from './token-bucket.ts';

export interface RateLimit {
  /** Takes `amount` (default 1) from the bucket of `key`; false: there is not so much in it, and nothing was taken. */
  allow(key: string, amount?: number): boolean;
}

/** Buckets remembered; the one used longest ago gives way. Twice as many as there may be people connected. */
const CAPACITY = 10_000;

export function createRateLimit(clock: Clock, rate: BucketRate): RateLimit {
  const buckets = new Map<string, Bucket>();
  return {
    allow(key, amount = 1) {
      const now = clock.now();
      const { allowed, bucket } = take(rate, buckets.get(key) ?? fullBucket(rate, now), amount, now);
      buckets.delete(key);
      buckets.set(key, bucket);
      if (buckets.size > CAPACITY) buckets.delete(buckets.keys().next().value!);
      return allowed;
    },
  };
}
