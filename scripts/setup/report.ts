/** What a step of set-up has to say: one line each, never a stack trace. */
export interface StepResult {
  readonly name: string;
  /** `missing` is something the user may want; `ready` needs nothing; `not-needed` was not looked for. */
  readonly state: 'ready' | 'missing' | 'not-needed';
  /** One sentence. */
  readonly what: string;
  /** One sentence, where something is missing. */
  readonly remedy?: string;
}

export interface Step {
  readonly name: string;
  run(say: Say): Promise<StepResult | readonly StepResult[]>;
}

export type Say = (line: string) => void;

const marks = { ready: '✓', missing: '✗', 'not-needed': '·' } as const;

export function describe({ name, state, what, remedy }: StepResult): string {
  const line = `${marks[state]} ${name}: ${what}`;
  return remedy === undefined ? line : `${line}\n    ${remedy}`;
}

/** The sentences of an error of ours, or of the system. */
export function sentencesOf(error: unknown): { what: string; remedy: string } {
  const { message, remedy } = error as Error & { remedy?: string };
  return {
    what: String(message).split('\n')[0] ?? '',
    remedy: remedy ?? 'Run `npm run doctor` to see what else is missing.',
  };
}

/** Runs every step; one that throws is reported as missing and the others run all the same. */
export async function runSteps(steps: readonly Step[], say: Say): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) {
    const outcome = await step
      .run(say)
      .catch((error: unknown): StepResult => ({ name: step.name, state: 'missing', ...sentencesOf(error) }));
    for (const result of [outcome].flat() as StepResult[]) {
      say(describe(result));
      results.push(result);
    }
  }
  return results;
}
