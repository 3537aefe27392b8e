/** The server's log: JSON lines, or readable ones on a terminal. Never transcript text, audio or secrets (rule C4). */
import { type Logger, pino } from 'pino';

export type { Logger };

/**
 * Errors are logged by name, code and stack position, without their message's cause chain: a database or an engine may
 * quote what it was given. Only messages of our own table are known to be clean.
 */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    at: error.stack
      ?.split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(0, 6)
      .map((line) => line.trim()),
  };
}

export function createLog(level: string, readable: boolean): Logger {
  const options = {
    level,
    base: {},
    serializers: { err: describeError, error: describeError },
    redact: {
      paths: ['token', 'ticket', 'text', 'words', 'prompt', '*.token', '*.text', '*.words'],
      remove: true,
    },
  };
  return readable
    ? pino({
        ...options,
        transport: {
          target: 'pino-pretty',
          options: { translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' },
        },
      })
    : pino(options);
}
