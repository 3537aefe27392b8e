/**
 * Records faster than real time, each slice as soon as the one before it has been listened to: so the live pass hears
 * the same windows as in real time, whatever the machine can do.
 */

import { SAMPLE_RATE } from '../../server/audio/stream-decoder.ts';
import type { FinalResult } from '../../shared/events.ts';
import type { ServerMessage } from '../../shared/protocol.ts';
import type { Word } from '../../shared/transcript.ts';
import { startRecording } from '../client/node-client.ts';
import type { BenchServer } from './bench-server.ts';
import { sliceOf } from './slices.ts';

/** Less speech than this is left for the next window: seconds. */
const LISTENED = 1;
/** A slice's own audio counts as on the timeline from this close on: seconds. */
const NEAR = 0.01;

export interface PacedOptions {
  pieces: Iterable<Int16Array>;
  /** After each slice was listened to; `seconds` recorded so far. */
  onListened?(seconds: number): Promise<void> | void;
  /** Waits for the background work that can be done before the end. */
  drain?: boolean;
}

export interface PacedRecording {
  result: FinalResult;
  /** Words as they were committed live, in order, those of the end included. */
  live: Word[];
  /** From asking for the end to the final text. */
  finishSeconds: number;
  session: string;
}

export async function recordPaced(server: BenchServer, options: PacedOptions): Promise<PacedRecording> {
  const live: Word[] = [];
  const reached = { decoded: 0, behind: 0, stored: 0, transcribed: 0 };
  let look = () => {};
  let finishedAt = 0;

  const onMessage = (message: ServerMessage) => {
    if (message.type === 'result') finishedAt = performance.now();
    if (message.type === 'status') {
      reached.decoded = message.coverage.decoded;
      reached.behind = message.behind;
    }
    if (message.type === 'update') {
      const data = message.data as { words?: Word[]; end?: number };
      if (message.event === 'words.committed') live.push(...(data.words ?? []));
      if (message.event === 'audio.stored') reached.stored = data.end ?? 0;
      if (message.event === 'stretch.transcribed')
        reached.transcribed = Math.max(reached.transcribed, data.end ?? 0);
    }
    look();
  };
  const reach = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      look = () => condition() && resolve();
      look();
    });

  let askedAt = 0;
  async function* paced() {
    let seconds = 0;
    for (const piece of options.pieces) {
      yield sliceOf(piece);
      seconds += piece.length / SAMPLE_RATE;
      await reach(() => reached.decoded + NEAR >= seconds && reached.behind < LISTENED);
      await options.onListened?.(seconds);
    }
    // The second pass looks half a minute ahead before it cuts.
    if (options.drain) await reach(() => reached.stored - reached.transcribed < 30);
    askedAt = performance.now();
  }

  const recording = startRecording({
    server: server.origin,
    token: server.token,
    slices: paced(),
    language: 'en',
    ahead: 1,
    finalize: {},
    onMessage,
  });
  const { result, session } = await recording.done;
  if (result === undefined) throw new Error('the session ended without a result');
  return { result, live, session, finishSeconds: (finishedAt - askedAt) / 1000 };
}
