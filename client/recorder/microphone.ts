/** The microphone: opened for a room with several people in it, watched, and really switched off when closed. */

/**
 * One channel, as the server mixes down anyway. No echo cancellation: nothing is played back, and on a video visit it
 * would remove the very voice that comes out of the loudspeaker. No noise suppression: it takes the quiet voice across
 * the desk for noise, and recognisers are trained on rooms. Gain control stays: it lifts that quiet voice.
 */
const constraints: MediaTrackConstraints = {
  channelCount: 1,
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: true,
};

export interface Microphone {
  readonly stream: MediaStream;
  /** The device's name, as the browser tells it. */
  readonly label: string;
  /** 0 to 1: the loudest of the last moment. NaN while the browser does not let the page listen in. */
  level(): number;
  /** Stops the tracks: the browser's recording sign goes out. */
  close(): void;
}

export interface MicrophoneEvents {
  /** The device is gone or the permission was taken back. */
  ended(): void;
  /** The system (a hardware switch, say) has muted it, or lets it be heard again. */
  muted(muted: boolean): void;
}

/** @throws DOMException NotAllowedError, NotFoundError or NotReadableError, as getUserMedia does. */
export async function openMicrophone(events: MicrophoneEvents): Promise<Microphone> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: constraints });
  const track = stream.getAudioTracks()[0];
  if (track === undefined) throw new DOMException('no audio track', 'NotFoundError');
  track.onended = () => events.ended();
  track.onmute = () => events.muted(true);
  track.onunmute = () => events.muted(false);
  if (track.muted) events.muted(true);
  const meter = createMeter(stream);
  return {
    stream,
    label: track.label,
    level: meter.level,
    close() {
      track.onended = null;
      track.onmute = null;
      track.onunmute = null;
      meter.close();
      for (const each of stream.getTracks()) each.stop();
    },
  };
}

function createMeter(stream: MediaStream) {
  const context = new AudioContext();
  // After a reload a browser may want a gesture before the page may listen in; recording does not depend on it.
  const wake = () => void context.resume();
  for (const gesture of ['pointerdown', 'keydown']) window.addEventListener(gesture, wake);
  wake();
  const analyser = context.createAnalyser();
  analyser.fftSize = 2048;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    level(): number {
      if (context.state !== 'running') return Number.NaN;
      analyser.getFloatTimeDomainData(samples);
      return samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
    },
    close(): void {
      for (const gesture of ['pointerdown', 'keydown']) window.removeEventListener(gesture, wake);
      void context.close();
    },
  };
}
