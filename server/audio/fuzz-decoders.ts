/** Mutated audio through every decoder: none of it may stop, stall or swell the process. */
import { CodedError } from '../../shared/errors.ts';
import { MAX_SAMPLES_PER_PUSH } from './opus-decoder.ts';
import type { CreateStreamDecoder } from './stream-decoder.ts';
import { cut } from './test-audio.ts';

export interface FuzzOptions {
  create: CreateStreamDecoder;
  /** Sound files to be mutated, taken in turn. */
  files: readonly { mime: string; bytes: Uint8Array }[];
  count: number;
  random: () => number;
  /** Told apart from a hang by the caller's own time limit: called before each file. */
  onFile?: (index: number) => void;
}

export interface FuzzReport {
  files: number;
  pushes: number;
  /** Pushes that gave samples, that were refused, and that failed in any other way (which none may). */
  decoded: number;
  refused: number;
  crashes: string[];
  /** Pushes that gave more samples than they may. */
  oversized: number;
  /** Sound files, sent after each mutated one on the same decoder, that did not give samples. */
  notRecovered: number;
}

export async function fuzzDecoders({
  create,
  files,
  count,
  random,
  onFile,
}: FuzzOptions): Promise<FuzzReport> {
  const report: FuzzReport = {
    files: 0,
    pushes: 0,
    decoded: 0,
    refused: 0,
    crashes: [],
    oversized: 0,
    notRecovered: 0,
  };

  async function attempt(work: () => Promise<Int16Array>): Promise<number> {
    report.pushes++;
    try {
      const { length } = await work();
      if (length > 0) report.decoded++;
      if (length > 2 * MAX_SAMPLES_PER_PUSH) report.oversized++;
      return length;
    } catch (error) {
      if (error instanceof CodedError) report.refused++;
      else report.crashes.push(String(error instanceof Error ? error.stack : error));
      return 0;
    }
  }

  for (let index = 0; index < count; index++) {
    onFile?.(index);
    const { mime, bytes } = files[index % files.length]!;
    const decoder = create(mime);
    for (const piece of cut(mutate(bytes, random), 100 + bytes.length * random(), random)) {
      await attempt(() => decoder.push(piece));
    }
    const heard = (await attempt(() => decoder.push(bytes))) + (await attempt(() => decoder.end()));
    if (heard === 0) report.notRecovered++;
    report.files++;
  }
  return report;
}

/** One to eight of: a random byte, a hole, a repeat, inserted noise, a cut end, a run of 0xFF or 0. */
function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const mutated = [...bytes];
  const below = (limit: number) => Math.floor(random() * limit);
  // Headers decide the most, so half of the damage is done to them.
  const anywhere = () => below(random() < 0.5 ? Math.min(200, mutated.length) : mutated.length);
  const noise = (length: number) => Array.from({ length }, () => below(256));
  const mutations = [
    () => mutated.splice(anywhere(), 1, below(256)),
    () => mutated.splice(anywhere(), 1 + below(300)),
    () => {
      const at = anywhere();
      mutated.splice(at, 0, ...mutated.slice(at, at + below(2000)));
    },
    () => mutated.splice(anywhere(), 0, ...noise(1 + below(500))),
    () => mutated.splice(1 + anywhere()),
    () => mutated.fill(random() < 0.5 ? 0xff : 0, anywhere(), anywhere()),
  ];
  for (let times = 1 + below(8); times > 0; times--) mutations[below(mutations.length)]!();
  return Uint8Array.from(mutated);
}
