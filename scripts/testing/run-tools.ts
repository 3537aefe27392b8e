/** Runs a tool in this process, as `runTool` does in one of its own, on a data directory of the test's. */
import { perform, type Tool } from '../tools/run-tool.ts';

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export function toolsOn(directory: string, environment: NodeJS.ProcessEnv = {}) {
  return async (tool: Tool, ...args: string[]): Promise<Ended> => {
    let stdout = '';
    let stderr = '';
    const code = await perform(
      tool,
      args,
      { AUSCULT_DATA: directory, ...environment },
      {
        say: (line) => {
          stdout += `${line}\n`;
        },
        note: (line) => {
          stderr += `${line}\n`;
        },
      },
    );
    return { code, stdout, stderr };
  };
}

/** Output of `--json`: one object a line. */
export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
