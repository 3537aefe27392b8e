/**
 * Records until told to stop, whatever the browser does meanwhile. Every start of the microphone is an epoch of its
 * own; a recorder that fails is started again; what a person has to see to becomes an alarm.
 */
import type { EpochOptions, EpochRecorder, Piece } from './epoch.ts';
import type { Microphone, MicrophoneEvents } from './microphone.ts';

export type Alarm =
  | 'microphone-refused'
  | 'microphone-missing'
  | 'microphone-lost'
  | 'microphone-muted'
  | 'no-data';

export interface RecorderOptions {
  openMicrophone(events: MicrophoneEvents): Promise<Microphone>;
  startEpoch(options: Omit<EpochOptions, 'timeSlice' | 'mime'>): Promise<EpochRecorder>;
  after(milliseconds: number, task: () => void): () => void;
  /** The pieces of one epoch, in order. `epoch` counts the starts of this recorder from 0. */
  onPiece(piece: Piece, epoch: number): void;
  /** The alarms that stand now. */
  onAlarms(alarms: ReadonlySet<Alarm>): void;
}

export interface Recorder {
  readonly microphone: Microphone | undefined;
  /** Opens the microphone and records. Resolves when it does, or when an alarm says why not. */
  start(): Promise<void>;
  /** Switches the microphone off; resolves when the last partial piece has been given away. */
  stop(): Promise<void>;
}

/** Milliseconds. */
export const watch = { noData: 6_000, restart: 1_000, stop: 3_000 } as const;

export function createRecorder(options: RecorderOptions): Recorder {
  const alarms = new Set<Alarm>();
  let wanted = false;
  let epoch = -1;
  let microphone: Microphone | undefined;
  let recording: EpochRecorder | undefined;
  let cancelWatch = () => {};
  let cancelRestart = () => {};
  // Starting and stopping take time and must not overlap.
  let turn = Promise.resolve();

  function alarm(which: Alarm, on: boolean): void {
    if (alarms.has(which) === on) return;
    if (on) alarms.add(which);
    else alarms.delete(which);
    options.onAlarms(new Set(alarms));
  }

  function expectData(): void {
    cancelWatch();
    cancelWatch = options.after(watch.noData, () => {
      alarm('no-data', true);
      restart();
    });
  }

  function restart(): void {
    cancelRestart();
    cancelRestart = options.after(watch.restart, () => {
      take(async () => {
        await end();
        if (wanted) await begin();
      });
    });
  }

  async function begin(): Promise<void> {
    try {
      microphone = await options.openMicrophone({
        ended() {
          alarm('microphone-lost', true);
          restart();
        },
        muted: (muted) => alarm('microphone-muted', muted),
      });
      epoch += 1;
      const mine = epoch;
      recording = await options.startEpoch({
        stream: microphone.stream,
        onPiece(piece) {
          alarm('no-data', false);
          if (wanted) expectData();
          options.onPiece(piece, mine);
        },
        onFailure: restart,
      });
      for (const each of ['microphone-refused', 'microphone-missing', 'microphone-lost'] as const) {
        alarm(each, false);
      }
      expectData();
    } catch (error) {
      await end();
      const name = error instanceof DOMException ? error.name : '';
      if (name === 'NotAllowedError') return alarm('microphone-refused', true);
      alarm(name === 'NotFoundError' ? 'microphone-missing' : 'microphone-lost', true);
      restart();
    }
  }

  async function end(): Promise<void> {
    cancelWatch();
    cancelRestart();
    const ending = recording;
    recording = undefined;
    // A recorder that hangs must not keep the next one from starting.
    const patience = new Promise<void>((resolve) => options.after(watch.stop, resolve));
    if (ending !== undefined) await Promise.race([ending.stop().catch(() => {}), patience]);
    microphone?.close();
    microphone = undefined;
  }

  function take(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work);
    return turn;
  }

  return {
    get microphone() {
      return microphone;
    },
    start() {
      wanted = true;
      return take(async () => {
        if (recording === undefined) await begin();
      });
    },
    stop() {
      wanted = false;
      return take(async () => {
        await end();
        for (const each of [...alarms]) alarm(each, false);
      });
    },
  };
}
