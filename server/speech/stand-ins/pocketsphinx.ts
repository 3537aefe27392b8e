/**
 * PocketSphinx behind whisper-server's HTTP contract: real recognition of English with poor accuracy, for machines
 * that no Whisper model can reach. Unfit for clinical use, and shown as such.
 */
import path from 'node:path';
import { SAMPLE_RATE } from '../../audio/stream-decoder.ts';
import type { WhisperAnswer } from '../engines/whisper-answer.ts';
import { createWhisperClient } from '../engines/whisper-http.ts';
import { type WorkerFactory, WorkerFault } from '../engines/worker.ts';
import { serveContract } from './contract-server.ts';
import { placeWords } from './place-words.ts';
import {
  firstExisting,
  type HeardWord,
  PROGRAM,
  type Recogniser,
  startRecogniser,
} from './pocketsphinx-batch.ts';

const MODEL_DIRECTORIES = [
  '/usr/share/pocketsphinx/model/en-us',
  '/usr/local/share/pocketsphinx/model/en-us',
];

// Limits on the search that make it about a third of real time on one core; `-remove_silence no` keeps times true.
const QUICK = '-maxhmmpf 3000 -maxwpf 5 -pl_window 10 -topn 2 -remove_silence no';
// Twice as many words of a recording that went through Opus are right, in twice the time. Its times leave silence out.
const THOROUGH = '-maxhmmpf 10000 -maxwpf 10 -pl_window 10 -topn 2 -remove_silence yes';

export const pocketsphinxDescription = {
  name: 'PocketSphinx',
  model: 'en-us',
  standIn: 'Recognises English only, with many errors. Not fit for clinical use.',
};

/** The model's directory where program and model are installed, otherwise undefined. */
export async function findPocketsphinx(searchPath: string): Promise<string | undefined> {
  const programs = searchPath.split(path.delimiter).map((directory) => path.join(directory, PROGRAM));
  if ((await firstExisting(programs)) === undefined) return undefined;
  return firstExisting(MODEL_DIRECTORIES);
}

export function pocketsphinxWorker(options: { modelDirectory: string; index?: number }): WorkerFactory {
  return {
    name: `PocketSphinx ${options.index ?? 0}`,
    async start(signal) {
      const quick = await startRecogniser(options.modelDirectory, QUICK);
      // The first answer shows that the model is loaded.
      const loaded = await quick.recognise(new Int16Array(1600), signal).catch(() => undefined);
      if (loaded === undefined) {
        await quick.stop();
        throw new WorkerFault('start', 'pocketsphinx_batch could not be started with its English model.');
      }
      const thorough = startedWhenNeeded(() => startRecogniser(options.modelDirectory, THOROUGH));
      const recognise = async (audio: Int16Array, mayTryHarder: boolean, gone: AbortSignal) => {
        const timed = await quick.recognise(audio, gone);
        if (!mayTryHarder) return timed;
        const recogniser = await thorough.get();
        return placeWords(await recogniser.recognise(audio, gone), timed, audio.length / SAMPLE_RATE);
      };
      const server = await serveContract({
        recognise: async ({ audio, fields, signal: gone }) =>
          // Whisper's own way of saying that there is time for a second try.
          answerOf(await recognise(audio, Number(fields.get('temperature_inc')) > 0, gone)),
      });
      const client = createWhisperClient({ url: server.url });
      return {
        transcribe: client.transcribe,
        ended: quick.ended,
        async stop() {
          await Promise.all([quick.stop(), thorough.stop(), client.close()]);
          await server.close();
        },
      };
    },
  };
}

/** A recogniser that has died is replaced by the next that is asked for. */
function startedWhenNeeded(start: () => Promise<Recogniser>) {
  let started: Promise<Recogniser> | undefined;
  return {
    get() {
      if (started === undefined) {
        const starting = start();
        const forget = () => {
          if (started === starting) started = undefined;
        };
        starting.then((recogniser) => recogniser.ended.then(forget), forget);
        started = starting;
      }
      return started;
    },
    stop: async () => (await started?.catch(() => undefined))?.stop(),
  };
}

function answerOf(words: readonly HeardWord[]): WhisperAnswer {
  if (words.length === 0) return { language: 'english', language_probabilities: { en: 1 }, segments: [] };
  const pieces = words.map(({ text, ...times }) => ({ word: ` ${text}`, ...times }));
  return {
    language: 'english',
    language_probabilities: { en: 1 },
    segments: [{ text: pieces.map((piece) => piece.word).join(''), words: pieces }],
  };
}
