/**
 * WAV where the browser has no usable MediaRecorder. RecordRTC's own WAV recorder keeps the whole recording in memory
 * and never delivers its last piece; this one holds one piece and delivers all of them.
 */
import type { StartEpoch } from './epoch.ts';
import processor from './tap-processor.ts?worker&url';
import { createCutter, encodeWave } from './wave.ts';

/** Hertz: what the server works with. The browser resamples. */
const sampleRate = 16_000;

export const startPlainEpoch: StartEpoch = async ({ stream, mime, timeSlice, onPiece }) => {
  const context = new AudioContext({ sampleRate });
  await context.audioWorklet.addModule(processor);
  await context.resume();
  const source = context.createMediaStreamSource(stream);
  const tap = new AudioWorkletNode(context, 'tap', {
    numberOfOutputs: 0,
    channelCount: 1,
    channelCountMode: 'explicit',
  });
  const cutter = createCutter((timeSlice / 1000) * sampleRate);
  let began = Date.now();

  function deliver(samples: Float32Array): void {
    if (samples.length === 0) return;
    const durationMs = (samples.length / sampleRate) * 1000;
    onPiece({ data: encodeWave(samples, sampleRate), mime, durationMs, capturedAt: began });
    began += durationMs;
  }

  tap.port.onmessage = ({ data }: MessageEvent<Float32Array>) => cutter.push(data).forEach(deliver);
  source.connect(tap);

  return {
    async stop() {
      source.disconnect();
      // Blocks posted before this message arrive before the answer to closing the context.
      await context.close();
      tap.port.onmessage = null;
      deliver(cutter.flush());
    },
  };
};
