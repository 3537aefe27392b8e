/** A bar where somebody watches, plain lines where a log is kept. */
import { type Options, Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** `total` in bytes; undefined while nobody knows it. */
  update(received: number, total: number | undefined): void;
  stop(): void;
}

const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

export function createProgress(label: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  return stream.isTTY ? createBar(label, stream) : createLines(label, stream);
}

function createBar(label: string, stream: NodeJS.WriteStream): Progress {
  const options: Options = {
    stream,
    format: `${label} {bar} {percentage} % of {size} MiB, {eta_formatted} left`,
    hideCursor: true,
  };
  let bar: SingleBar | undefined;
  return {
    update(received, total) {
      if (total === undefined) return;
      if (bar === undefined) {
        bar = new SingleBar(options, Presets.shades_classic);
        bar.start(total, received, { size: mebibytes(total) });
      } else bar.update(received);
    },
    stop: () => bar?.stop(),
  };
}

function createLines(label: string, stream: Pick<NodeJS.WriteStream, 'write'>): Progress {
  let tenths = -1;
  return {
    update(received, total) {
      const now = total === undefined ? Math.floor(received / 2 ** 25) : Math.floor((10 * received) / total);
      if (now <= tenths) return;
      tenths = now;
      const of = total === undefined ? '' : ` of ${mebibytes(total)}`;
      stream.write(`${label}: ${mebibytes(received)}${of} MiB\n`);
    },
    stop() {},
  };
}
