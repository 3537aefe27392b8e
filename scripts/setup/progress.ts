/** A bar where somebody watches, plain lines where a log is kept. */
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** `total` in the same unit; undefined while nobody knows it. */
  update(done: number, total: number | undefined): void;
  stop(): void;
}

type Unit = 'bytes' | 'percent';

const show: Record<Unit, (amount: number) => string> = {
  bytes: (amount) => `${(amount / 2 ** 20).toFixed(1)} MiB`,
  percent: (amount) => `${amount} %`,
};

export function createProgress(
  label: string,
  stream: NodeJS.WriteStream = process.stderr,
  unit: Unit = 'bytes',
): Progress {
  return stream.isTTY ? createBar(label, stream, unit) : createLines(label, stream, unit);
}

function createBar(label: string, stream: NodeJS.WriteStream, unit: Unit): Progress {
  const bar = new SingleBar(
    { stream, format: `${label} {bar} {done} of {all}, {eta_formatted} left`, hideCursor: true },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update(done, total) {
      if (total === undefined) return;
      const payload = { done: show[unit](done), all: show[unit](total) };
      if (started) bar.update(done, payload);
      else bar.start(total, done, payload);
      started = true;
    },
    stop: () => bar.stop(),
  };
}

/** A line for each tenth; where the total is unknown, for each 32 MiB. */
function createLines(label: string, stream: Pick<NodeJS.WriteStream, 'write'>, unit: Unit): Progress {
  let last = -1;
  return {
    update(done, total) {
      const step = total === undefined ? Math.floor(done / 2 ** 25) : Math.floor((10 * done) / total);
      if (step <= last) return;
      last = step;
      stream.write(`${label}: ${show[unit](done)}${total === undefined ? '' : ` of ${show[unit](total)}`}\n`);
    },
    stop() {},
  };
}
