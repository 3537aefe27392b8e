/** Which container and codec this browser records best, of those that the server takes. */

/** In order of preference: what the server decodes in its own process first. */
const containers = [
  'audio/webm;codecs=opus',
  'audio/ogg;codecs=opus',
  'audio/mp4;codecs=mp4a.40.2',
  'audio/mp4',
] as const;

export type Format = { kind: 'encoded'; mime: string } | { kind: 'wave'; mime: 'audio/wav' };

/** `isSupported` is `MediaRecorder.isTypeSupported`, or undefined where there is no MediaRecorder. */
export function chooseFormat(isSupported: ((mime: string) => boolean) | undefined): Format {
  const mime = containers.find((each) => isSupported?.(each));
  return mime === undefined ? { kind: 'wave', mime: 'audio/wav' } : { kind: 'encoded', mime };
}
