/** Runs a tool as `npm run` does once everything is installed: in a process of its own, with settings of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export type Tool = (name: string, ...args: string[]) => Promise<Ended>;

export function toolsOn(directory: string, environment: Record<string, string> = {}): Tool {
  const env = { PATH: process.env.PATH ?? '', AUSCULT_DATA: directory, ...environment };
  return (name, ...args) =>
    new Promise((resolve) => {
      const script = fileURLToPath(new URL(`../${name}.ts`, import.meta.url));
      execFile(process.execPath, ['--import', 'tsx', script, ...args], { env }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : ((error.code as unknown as number) ?? 1), stdout, stderr });
      });
    });
}

/** Output of `--json`: one object a line. */
export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
