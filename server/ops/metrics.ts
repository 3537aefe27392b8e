/** What the server counts, in Prometheus' text form. Labels never hold anything said, or who said it (rule C4). */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  sliceStored(bytes: number, seconds: number): void;
  sliceRefused(code: string): void;
  sliceDegraded(): void;
  wordsCommitted(count: number): void;
  finished(outcome: 'completed' | 'failed', seconds: number): void;
  /** Adds what is read when asked for. */
  watch(gauges: Gauges): void;
  /** Text in Prometheus' exposition format. */
  render(): Promise<string>;
  readonly contentType: string;
}

export interface Gauges {
  sessions(): number;
  secondsBehind(): number;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `auscult_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[], labelNames: string[] = []) =>
    new Histogram({ name: `auscult_${name}`, help, buckets, labelNames, registers });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `auscult_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });

  const slices = counter('slices_stored_total', 'Slices stored and acknowledged.');
  const bytes = counter('slice_bytes_total', 'Bytes of stored slices.');
  const storing = histogram(
    'store_seconds',
    'From a slice received to its bytes and event on disk.',
    [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
  );
  const refused = counter('slices_refused_total', 'Slices refused, by error code.', ['code']);
  const degraded = counter('slices_degraded_total', 'Slices stored that could not be decoded.');
  const words = counter('words_committed_total', 'Words committed by the live pass.');
  const finishing = histogram(
    'finish_seconds',
    'From the request to the result.',
    [0.5, 1, 2, 5, 10, 30, 120, 600],
    ['outcome'],
  );

  return {
    sliceStored(size, seconds) {
      slices.inc();
      bytes.inc(size);
      storing.observe(seconds);
    },
    sliceRefused: (code) => refused.inc({ code }),
    sliceDegraded: () => degraded.inc(),
    wordsCommitted: (count) => words.inc(count),
    finished: (outcome, seconds) => finishing.observe({ outcome }, seconds),
    watch({ sessions, secondsBehind }) {
      gauge('sessions', 'Sessions in memory.', sessions);
      gauge('seconds_behind', 'Seconds of speech not yet listened to, over all sessions.', secondsBehind);
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
