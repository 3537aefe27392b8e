/** The few things of RecordRTC that are used; the package brings no types. */
declare module 'recordrtc' {
  interface Config {
    type: 'audio';
    recorderType: typeof RecordRTC.MediaStreamRecorder;
    mimeType: string;
    timeSlice: number;
    numberOfAudioChannels: 1;
    audioBitsPerSecond: number;
    disableLogs: boolean;
    getNativeBlob: boolean;
    ondataavailable(blob: Blob): void;
  }
  class MediaStreamRecorder {
    manuallyStopped?: boolean;
    timestamps: number[];
    getArrayOfBlobs(): Blob[];
    getAllStates(): string[];
    getInternalRecorder(): MediaRecorder | null;
  }
  class RecordRTC {
    static MediaStreamRecorder: typeof MediaStreamRecorder;
    constructor(stream: MediaStream, config: Config);
    startRecording(): void;
    stopRecording(done: (url: string) => void): void;
    getInternalRecorder(): MediaStreamRecorder;
  }
  export default RecordRTC;
}
