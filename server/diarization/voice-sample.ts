/** From a recording of one person to the voice by which to know them again, if the recording is fit for that. */
import { CodedError } from '../../shared/errors.ts';
import type { Interval } from '../audio/intervals.ts';
import { SAMPLE_RATE } from '../audio/stream-decoder.ts';
import { findSpeech } from '../audio/voice-activity.ts';
import { concludeAll, type Diarization, type Diarizer, WINDOW, type WindowAnalysis } from './diarizer.ts';
import { countWindows } from './window-work.ts';

export interface VoiceSample {
  embedding: Float32Array;
  /** Of speech. */
  seconds: number;
}

/** Seconds: the longest sample, and the least speech in it. */
export const LONGEST_SAMPLE = 30;
const LEAST_SPEECH = 3;
/** Mean square of speech at -45 dBFS: below, the noise of the room and the microphone is part of the voice. */
const LEAST_POWER = 10 ** -4.5;
/** Samples at the ends of the range: a loud syllable may touch them, an overdriven microphone rests on them. */
const FULL_SCALE = 32_700;
const MOST_CLIPPED = 0.005;
/** Seconds that others may seem to speak: a change of tone can be taken for one of voice for so long. */
const MOST_OF_OTHERS = 1;
/** Seconds of silence before the sample: so even a short one is heard in several windows, which can disagree. */
const LEAD = 6;

/**
 * @param audio 16 kHz mono
 * @throws CodedError VOICE_TOO_LONG, VOICE_TOO_QUIET, VOICE_TOO_SHORT, VOICE_CLIPPED, VOICE_NOT_ALONE
 */
export async function hearVoice(
  diarizer: Pick<Diarizer, 'analyseWindow' | 'gather'>,
  audio: Int16Array,
): Promise<VoiceSample> {
  if (audio.length > LONGEST_SAMPLE * SAMPLE_RATE) throw new CodedError('VOICE_TOO_LONG');
  const speech = findSpeech(audio);
  checkSound(audio, speech);
  const seconds = lengthOf(speech);
  if (seconds < LEAST_SPEECH) throw new CodedError('VOICE_TOO_SHORT');
  const embedding = onlyVoice(await diarize(diarizer, audio));
  return { embedding, seconds };
}

/** Where there is no speech, the whole is judged: what is silent is too quiet. */
function checkSound(audio: Int16Array, speech: readonly Interval[]): void {
  const stretches = speech.length > 0 ? speech : [{ start: 0, end: audio.length / SAMPLE_RATE }];
  let [count, power, clipped] = [0, 0, 0];
  for (const { start, end } of stretches) {
    for (const sample of audio.subarray(Math.round(start * SAMPLE_RATE), Math.round(end * SAMPLE_RATE))) {
      count += 1;
      power += (sample / 32_768) ** 2;
      if (Math.abs(sample) >= FULL_SCALE) clipped += 1;
    }
  }
  if (!(power / count >= LEAST_POWER)) throw new CodedError('VOICE_TOO_QUIET');
  if (clipped / count > MOST_CLIPPED) throw new CodedError('VOICE_CLIPPED');
}

async function diarize(
  diarizer: Pick<Diarizer, 'analyseWindow' | 'gather'>,
  sample: Int16Array,
): Promise<Diarization> {
  const audio = new Int16Array(LEAD * SAMPLE_RATE + sample.length);
  audio.set(sample, LEAD * SAMPLE_RATE);
  const duration = audio.length / SAMPLE_RATE;
  const windows: WindowAnalysis[] = [];
  for (let index = 0; index < countWindows(duration); index += 1) {
    const start = index * WINDOW.step * SAMPLE_RATE;
    const window = audio.slice(start, start + WINDOW.duration * SAMPLE_RATE);
    windows.push(await diarizer.analyseWindow(index, window));
  }
  return concludeAll(diarizer, windows, { duration });
}

function onlyVoice({ speakers, turns, centroids }: Diarization): Float32Array {
  const heard = speakers.map((id) => lengthOf(turns.filter(({ speaker }) => speaker === id)));
  const most = Math.max(...heard);
  const others = heard.reduce((sum, seconds) => sum + seconds, 0) - most;
  if (others > MOST_OF_OTHERS) throw new CodedError('VOICE_NOT_ALONE');
  const embedding = centroids[heard.indexOf(most)];
  if (embedding === undefined || !embedding.some((value) => value !== 0)) {
    throw new CodedError('VOICE_TOO_SHORT');
  }
  return embedding;
}

function lengthOf(stretches: readonly Interval[]): number {
  return stretches.reduce((sum, { start, end }) => sum + end - start, 0);
}
