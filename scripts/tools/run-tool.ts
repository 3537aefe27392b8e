/** How every tool ends: 0 when it did what it was asked, 1 with one sentence on standard error when it could not. */
import { Command, CommanderError } from 'commander';
import { type Config, readConfig } from '../../server/config.ts';

export interface Output {
  say(line: string): void;
  /** For what is not the answer itself, so that the answer can be piped on. */
  note(line: string): void;
}

export interface Task extends Output {
  args: readonly string[];
  config: Config;
}

/** Answers whether all was well. */
export type Tool = (task: Task) => Promise<boolean>;

/** The command of a tool; `--help` and wrong options end in `perform`. */
export function createCommand(name: string, description: string, { say, note }: Output): Command {
  return new Command(name)
    .description(description)
    .showHelpAfterError('(--help shows how to use it)')
    .exitOverride()
    .configureOutput({ writeOut: (text) => say(text.trimEnd()), writeErr: (text) => note(text.trimEnd()) });
}

/** @returns the exit code; what is thrown is told without its stack unless it is a defect of ours */
export async function perform(
  tool: Tool,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  output: Output,
): Promise<number> {
  try {
    return (await tool({ args, config: readConfig(environment), ...output })) ? 0 : 1;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    output.note(`✗ ${tell(error)}`);
    return 1;
  }
}

/** Runs the tool as this process. */
export async function runTool(tool: Tool): Promise<void> {
  // A reader that has seen enough, such as `head`, is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  process.exitCode = await perform(tool, process.argv.slice(2), process.env, {
    say: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
  });
}

function tell(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isDefect = error instanceof TypeError || error instanceof ReferenceError;
  return isDefect ? (error.stack ?? error.message) : error.message;
}
