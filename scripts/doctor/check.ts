/** One line of the doctor's table. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** An optional prerequisite that is missing does not make the doctor end with 1. */
  readonly optional: boolean;
  /** What was found. */
  readonly found: string;
  /** What to do, where `ok` is false. */
  readonly remedy?: string;
}

export type Check = () => Promise<Finding | readonly Finding[]>;

export const fine = (name: string, found: string, optional = false): Finding => ({
  name,
  ok: true,
  optional,
  found,
});

export const lacking = (name: string, found: string, remedy: string, optional = false): Finding => ({
  name,
  ok: false,
  optional,
  found,
  remedy,
});

/** Runs all checks; one that throws is a finding too. */
export async function examine(checks: Readonly<Record<string, Check>>): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    Object.entries(checks).map(([name, check]) =>
      check().catch((error: Error & { remedy?: string }) =>
        lacking(name, error.message.split('\n')[0] ?? '', error.remedy ?? 'Run `npm start`.'),
      ),
    ),
  );
  return findings.flat() as Finding[];
}

export function describeFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const line = ({ name, ok, optional, found, remedy }: Finding) => {
    const mark = ok ? '✓' : '✗';
    const kind = optional ? 'optional' : '        ';
    const first = `${mark} ${name.padEnd(width)}  ${kind}  ${found}`;
    return ok ? first : `${first}\n  ${' '.repeat(width)}            → ${remedy}`;
  };
  return findings.map(line).join('\n');
}

export const isHealthy = (findings: readonly Finding[]) =>
  findings.every(({ ok, optional }) => ok || optional);
