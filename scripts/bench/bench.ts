/** What a bench is: a name, what it measures, and one run that answers figures. */

/** Figures by name; what a figure means stands in the bench's file. */
export type Figures = Record<string, unknown>;

export interface Bench {
  readonly name: string;
  /** One sentence for `--list`, the target included. */
  readonly about: string;
  /** Longest time that a run may take, seconds. */
  readonly limit: number;
  /** `say` tells a person how far it is. @throws BenchSkipped where something needed is missing. */
  run(say: (line: string) => void): Promise<Figures>;
}

/** The machine lacks what the bench needs: the reason says what. */
export class BenchSkipped extends Error {
  override readonly name = 'BenchSkipped';
}
