/** Every bench, in the order in which `--list` shows them. */
import type { Bench } from './bench.ts';
import { engineReuse } from './engine-reuse.ts';
import { finishDiarization } from './finish-diarization.ts';
import { finishGrowth } from './finish-growth.ts';
import { gateway } from './gateway.ts';
import { longSession } from './long-session.ts';
import { seams } from './seams.ts';
import { segmentation } from './segmentation.ts';
import { sliceLatency } from './slice-latency.ts';

export const benches: readonly Bench[] = [
  sliceLatency,
  engineReuse,
  seams,
  finishGrowth,
  longSession,
  segmentation,
  finishDiarization,
  gateway,
];
