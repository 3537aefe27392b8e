/** What every torture is given, and what it hands back. */

export interface TortureOptions {
  /** The same seed does the same things at the same places; what the machine makes of them differs in time. */
  seed: number;
  /** How much of it: kills, faults, messages, flips or seconds, as the torture says. */
  count: number;
  say(line: string): void;
}

export interface Torture {
  readonly describes: string;
  /** `count` of the whole torture, as the promise is stated. */
  readonly count: number;
  /** Figures that must not be above these. */
  readonly atMost: Readonly<Record<string, number>>;
  run(options: TortureOptions): Promise<Report>;
}

/** `null` is a figure that could not be had. */
export type Report = Readonly<Record<string, number | string | null>>;

/** Figures above what they may be; one that is missing counts as above. */
export function failuresOf(torture: Torture, report: Report): string[] {
  return Object.entries(torture.atMost)
    .filter(([name, most]) => !(Number(report[name] ?? Number.NaN) <= most))
    .map(([name, most]) => `${name} is ${report[name]} and must be at most ${most}`);
}
