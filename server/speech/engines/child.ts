/** Child processes that never outlive the server. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

export interface GuardedChild {
  readonly process: ChildProcess;
  /** Resolves with what ended it: an exit code, a signal's name, or why it could not be run. */
  readonly ended: Promise<string>;
  /** Kills it at once and resolves when it is gone. */
  kill(): Promise<void>;
}

let guardAvailable: boolean | undefined;

/** On Linux the kernel kills the child with its parent, whatever ends the parent; elsewhere an orderly exit does. */
export function spawnGuarded(
  command: string,
  args: readonly string[],
  stdio: ('ignore' | 'pipe')[],
): GuardedChild {
  guardAvailable ??=
    process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0;
  const child = guardAvailable
    ? spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], { stdio })
    : spawn(command, args, { stdio });
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'not run'));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  void ended.then(() => process.removeListener('exit', killNow));
  return {
    process: child,
    ended,
    async kill() {
      killNow();
      await ended;
    },
  };
}

/** A port of the loopback address that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
