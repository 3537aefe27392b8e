/** The part of libfvad (WebRTC's voice activity detector) that we call; the package brings no types. */
declare module '@echogarden/fvad-wasm' {
  interface Fvad {
    HEAP16: Int16Array;
    _malloc(bytes: number): number;
    _fvad_new(): number;
    _fvad_free(detector: number): void;
    /** 0 (misses least) to 3 (lets least noise through); 0 on success. */
    _fvad_set_mode(detector: number, mode: number): number;
    _fvad_set_sample_rate(detector: number, hertz: number): number;
    /** 1 speech, 0 none, -1 bad length. The frame is 10, 20 or 30 ms of 16-bit samples. */
    _fvad_process(detector: number, frame: number, samples: number): number;
  }
  export default function createFvad(): Promise<Fvad>;
}
