/** How every tool ends: 0 when it did what it was asked, 1 with one sentence on standard error when it could not. */
import { Command } from 'commander';
import { type Config, readConfig } from '../../server/config.ts';

/** A tool's command; `--help` and wrong options are commander's business, which ends with 1 for the latter. */
export function createTool(name: string, description: string): Command {
  return new Command(name).description(description).showHelpAfterError('(--help shows how to use it)');
}

/** `work` answers whether all was well; what it throws is told without its stack unless it is a defect of ours. */
export async function runTool(work: (config: Config) => Promise<boolean>): Promise<void> {
  // A reader that has seen enough, such as `head`, is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  try {
    process.exitCode = (await work(readConfig())) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`✗ ${tell(error)}\n`);
    process.exitCode = 1;
  }
}

function tell(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isDefect = error instanceof TypeError || error instanceof ReferenceError;
  return isDefect ? (error.stack ?? error.message) : error.message;
}

export const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** For what is not the answer itself, so that the answer can be piped on. */
export const note = (line: string): void => void process.stderr.write(`${line}\n`);
