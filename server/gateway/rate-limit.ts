/** How often one address may try what nobody need be known for, such as handing in a login ticket. */
import type { Clock } from '../clock.ts';
import { type Bucket, type BucketRate, fullBucket, take } from './token-bucket.ts';

export interface Attempts {
  /** Counts one more; false: too many in a short time. */
  allow(address: string): boolean;
}

/** Addresses remembered; the one that has tried longest ago gives way. */
const CAPACITY = 10_000;

export function createAttempts(clock: Clock, rate: BucketRate): Attempts {
  const buckets = new Map<string, Bucket>();
  return {
    allow(address) {
      const now = clock.now();
      const { allowed, bucket } = take(rate, buckets.get(address) ?? fullBucket(rate, now), 1, now);
      buckets.delete(address);
      buckets.set(address, bucket);
      if (buckets.size > CAPACITY) buckets.delete(buckets.keys().next().value!);
      return allowed;
    },
  };
}
