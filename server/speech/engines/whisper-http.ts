/** The client of whisper-server's HTTP contract: `POST /inference` with a WAV, `GET /health`. */
import { FormData, Pool } from 'undici';
import { SAMPLE_RATE } from '../../audio/stream-decoder.ts';
import type { Hypothesis, TranscriptionRequest } from '../engine.ts';
import { encodeWav } from './wav.ts';
import { hypothesisOf, WhisperAnswer } from './whisper-answer.ts';
import { WorkerFault } from './worker.ts';

/** Whisper ignores what is shorter than a tenth of a second and does badly on less than about one. */
const SHORTEST_SECONDS = 1.25;
/** Encoder frames: 50 a second, 1500 for Whisper's whole 30 s. */
const FRAMES_PER_SECOND = 50;
const ALL_FRAMES = 1500;
const FRAME_STEP = 16;
/** Each 16 frames cost a fiftieth of a preview's time. */
const PREVIEW_MARGIN = 16;

export interface WhisperHttpOptions {
  /** Without the path: `/inference` and `/health` are added. */
  url: string;
  /** Encoder frames to spare beyond the audio; real models get worse when it fits too tightly. Default 64 (1.3 s). */
  audioContextMargin?: number;
}

export interface WhisperClient {
  /** @throws WorkerFault `unreachable` or `bad-answer`, or the reason of the request's signal. */
  transcribe(request: TranscriptionRequest): Promise<Hypothesis>;
  /** True when it says that its model is loaded. Never rejects. */
  healthy(signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

export function fitAudioContext(seconds: number, margin: number): number {
  const wanted = Math.ceil(seconds * FRAMES_PER_SECOND) + margin;
  return Math.min(ALL_FRAMES, Math.ceil(wanted / FRAME_STEP) * FRAME_STEP);
}

export function createWhisperClient(options: WhisperHttpOptions): WhisperClient {
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/$/, '');
  const margin = options.audioContextMargin ?? 64;
  // Time limits are the pool's: it knows its clock and what a request may take.
  const pool = new Pool(base.origin, { connections: 2, headersTimeout: 0, bodyTimeout: 0 });
  return {
    async transcribe(request) {
      const duration = request.audio.length / SAMPLE_RATE;
      const answer = await post(pool, `${prefix}/inference`, formOf(request, margin), request.signal);
      return hypothesisOf(answer, { language: request.language, duration });
    },
    async healthy(signal) {
      try {
        const response = await pool.request({ path: `${prefix}/health`, method: 'GET', signal });
        await response.body.dump();
        return response.statusCode === 200;
      } catch {
        return false;
      }
    },
    close: () => pool.destroy(),
  };
}

function formOf(request: TranscriptionRequest, margin: number): FormData {
  const audio = padded(request.audio);
  const live = request.priority === 'live';
  const form = new FormData();
  form.set('file', new Blob([encodeWav(audio)], { type: 'audio/wav' }), 'audio.wav');
  form.set('response_format', 'verbose_json');
  form.set('language', request.language);
  if (request.prompt) form.set('prompt', request.prompt);
  const spare = request.preview ? Math.min(margin, PREVIEW_MARGIN) : margin;
  form.set('audio_ctx', String(fitAudioContext(audio.length / SAMPLE_RATE, spare)));
  form.set('temperature', '0');
  // Decoding again at higher temperatures may take six times as long: good for the second pass, not while somebody waits.
  form.set('temperature_inc', live ? '0' : '0.2');
  // The probabilities cost another run of the encoder, so they are asked for only while the language is open.
  form.set('no_language_probabilities', String(request.language !== 'auto'));
  form.set('suppress_nst', 'true');
  // Left alone, the server cuts segments at 60 characters, too short to tell a loop from speech.
  form.set('max_len', '10000');
  return form;
}

function padded(audio: Int16Array): Int16Array {
  const shortest = SHORTEST_SECONDS * SAMPLE_RATE;
  if (audio.length >= shortest) return audio;
  const longer = new Int16Array(shortest);
  longer.set(audio);
  return longer;
}

async function post(pool: Pool, path: string, body: FormData, signal?: AbortSignal): Promise<WhisperAnswer> {
  let status: number;
  let text: string;
  try {
    const response = await pool.request({ path, method: 'POST', body, signal });
    status = response.statusCode;
    text = await response.body.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw new WorkerFault('unreachable', 'The engine could not be reached or broke off.', { cause: error });
  }
  if (status !== 200) throw new WorkerFault('bad-answer', `The engine answered with status ${status}.`);
  // The parser's own errors quote what they read, so they are not kept as causes (rule C4).
  const parsed = WhisperAnswer.safeParse(jsonOrUndefined(text));
  if (!parsed.success)
    throw new WorkerFault('bad-answer', 'The engine answered something else than a transcription.');
  return parsed.data;
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
