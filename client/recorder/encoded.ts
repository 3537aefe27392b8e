/** RecordRTC on the browser's MediaRecorder, with what RecordRTC leaves to its users. */
import RecordRTC from 'recordrtc';
import type { StartEpoch } from './epoch.ts';

/** Bits per second: transparent for speech with Opus, 12 KB a slice. */
const bitRate = 32_000;

export const startEncodedEpoch: StartEpoch = async ({ stream, mime, timeSlice, onPiece, onFailure }) => {
  // Blobs are read one after the other: reading is asynchronous and must not change their order.
  let reading = Promise.resolve();
  let began = Date.now();

  const recorder = new RecordRTC(stream, {
    type: 'audio',
    recorderType: RecordRTC.MediaStreamRecorder,
    mimeType: mime,
    timeSlice,
    numberOfAudioChannels: 1,
    audioBitsPerSecond: bitRate,
    disableLogs: true,
    getNativeBlob: true,
    ondataavailable(blob) {
      const capturedAt = began;
      began = Date.now();
      const durationMs = began - capturedAt;
      forget();
      reading = reading.then(async () => {
        const data = new Uint8Array(await blob.arrayBuffer());
        if (data.length > 0)
          onPiece({ data, mime: native?.mimeType || blob.type || mime, durationMs, capturedAt });
      });
    },
  });
  recorder.startRecording();
  const internal = recorder.getInternalRecorder();
  const native = internal.getInternalRecorder();
  if (native === null) throw new Error('the recorder did not start');

  /** RecordRTC keeps every blob until the end; an hour of them is not wanted in memory. */
  function forget(): void {
    internal.getArrayOfBlobs().length = 0;
    internal.getAllStates().length = 0;
    internal.timestamps.length = 0;
  }

  // MediaRecorder delivers its last piece before `stop`, whereas RecordRTC waits a tenth of a second and hopes.
  const stopped = new Promise<void>((resolve) => native.addEventListener('stop', () => resolve()));
  let asked = false;
  // RecordRTC's own handler would start again with slices of ten minutes.
  native.onerror = () => {
    internal.manuallyStopped = true;
    if (native.state !== 'inactive') native.stop();
  };
  stopped
    .then(() => reading)
    .then(() => {
      if (!asked) onFailure();
    });

  return {
    async stop() {
      asked = true;
      if (native.state !== 'inactive') recorder.stopRecording((url) => URL.revokeObjectURL(url));
      await stopped;
      await reading;
      forget();
    },
  };
};
