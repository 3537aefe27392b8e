/**
 * What telling speakers apart adds to the finish after 5, 20 and 60 minutes, all windows having been analysed and
 * gathered while the session ran, by the session's own code and in the process of the networks. And clustering alone,
 * from nothing. The voices are those of a real conversation, over and over, never twice the same.
 */
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GOLDEN_CLIPS, GOLDEN_PLDA, goldenMissing, readGoldenWindows } from '../../fixtures/golden.ts';
import { writeNetworks } from '../../fixtures/onnx/write-networks.ts';
import { SAMPLE_RATE } from '../../server/audio/stream-decoder.ts';
import type { Corpus } from '../../server/corpus/corpus.ts';
import { createCorpus } from '../../server/corpus/create-corpus.ts';
import { findVoices } from '../../server/diarization/clustering.ts';
import { createDiarizer } from '../../server/diarization/create-diarizer.ts';
import type { Diarizer, WindowAnalysis } from '../../server/diarization/diarizer.ts';
import { createRandom } from '../../server/diarization/kmeans.ts';
import { loadPlda } from '../../server/diarization/plda-files.ts';
import { filterTraining } from '../../server/diarization/training-filter.ts';
import { countWindows } from '../../server/diarization/window-work.ts';
import { createLog } from '../../server/ops/log.ts';
import { beginHistory, extendHistory } from '../../server/session/history.ts';
import { createSpeakerWork, type SpeakerWork } from '../../server/session/speaker-work.ts';
import { type Bench, BenchSkipped } from './bench.ts';
import { median, rounded } from './statistics.ts';

const MINUTES = [5, 20, 60];
const RUNS = 5;
const EMBEDDINGS = 5_000;
/** Of what is added to each value of an embedding, in shares of the value's own spread. */
const NOISE = 0.1;
const SEED = 11;

export const finishDiarization: Bench = {
  name: 'finish-diarization',
  about:
    'seconds that speakers add to the finish after 5, 20 and 60 minutes (ratio_60_to_5 <= 4), and clustering 5,000 voices (cluster_s <= 5)',
  limit: 900,
  async run(say) {
    if (goldenMissing) throw new BenchSkipped(goldenMissing);
    const source = readGoldenWindows(GOLDEN_CLIPS[0]!.directory);
    const directory = await mkdtemp(path.join(tmpdir(), 'auscult-bench-'));
    const models = await writeNetworks(path.join(directory, 'models'), 'tiny');
    for (const file of await readdir(GOLDEN_PLDA)) {
      await copyFile(path.join(GOLDEN_PLDA, file), path.join(models, file));
    }
    const log = createLog('error', false);
    const options = { modelsDirectory: models, standIn: false, phantomSeconds: 0, log };
    const diarizer = (await createDiarizer(options))!;
    const masterKeyFile = path.join(directory, 'master.key');
    const corpus = await createCorpus({ directory: path.join(directory, 'data'), masterKeyFile });
    try {
      const sessions: { minutes: number; work: SpeakerWork; taken: number[] }[] = [];
      for (const minutes of MINUTES) {
        const windows = repeat(source, countWindows(60 * minutes));
        sessions.push({ minutes, work: await record(corpus, diarizer, windows, minutes), taken: [] });
      }
      // What warms up must neither look like growth nor hide it.
      for (const { work } of sessions) await finish(diarizer, work);
      for (let run = 0; run < RUNS; run += 1) {
        for (const { work, taken } of sessions) taken.push(await finish(diarizer, work));
      }
      for (const { minutes, work, taken } of sessions) {
        work.close();
        say(`after ${minutes} min: ${taken.map((each) => rounded(each, 3)).join(', ')} s`);
      }
      const seconds = new Map(sessions.map(({ minutes, taken }) => [minutes, taken]));
      const of = (minutes: number) => median(seconds.get(minutes) ?? []);
      return {
        ratio_60_to_5: rounded(Number(of(60)) / Number(of(5))),
        seconds_5: rounded(of(5), 3),
        seconds_20: rounded(of(20), 3),
        seconds_60: rounded(of(60), 3),
        cluster_s: rounded(await cluster(source, models), 3),
        method: diarizer.method,
      };
    } finally {
      await diarizer.close();
      await corpus.close();
      await rm(directory, { recursive: true, force: true });
    }
  },
};

function repeat(source: readonly WindowAnalysis[], count: number): WindowAnalysis[] {
  const random = createRandom(SEED);
  const all = source.flatMap(({ embeddings }) => [...embeddings]).filter(Number.isFinite);
  const spread = Math.sqrt(all.reduce((sum, value) => sum + value * value, 0) / all.length);
  return Array.from({ length: count }, (_, index) => {
    const window = source[index % source.length]!;
    const embeddings = window.embeddings.map((value) => value + NOISE * spread * (2 * random() - 1));
    return { ...window, index, embeddings };
  });
}

/** A session that records: each window is heard in a moment, and everything else is done as it is in a session. */
async function record(
  corpus: Corpus,
  diarizer: Diarizer,
  voices: readonly WindowAnalysis[],
  minutes: number,
) {
  const session = `session-of-${minutes}-minutes`;
  const history = beginHistory(
    await corpus.open(session, { language: 'en', owner: 'bench', tenant: 'bench' }),
  );
  corpus.subscribe(session, (event) => extendHistory(history, event));
  let gathered = () => {};
  const allGathered = new Promise<void>((resolve) => {
    gathered = resolve;
  });
  const work = createSpeakerWork({
    diarizer: {
      ...diarizer,
      analyseWindow: async (index) => voices[index]!,
      gather: (read) =>
        diarizer.gather(async (index) => {
          if (index === voices.length - 1) gathered();
          return read(index);
        }),
    },
    services: { corpus, log: createLog('error', false), whenIdle: async () => {} },
    history,
    append: async (events) => void (await corpus.append(session, events)),
    readAudio: async (from, to) => new Int16Array(to - from),
  });
  work.advance(60 * minutes);
  await allGathered;
  await corpus.append(session, [{ type: 'audio.stored', data: { start: 0, end: 60 * minutes } }]);
  return work;
}

/** Seconds. What the process of the networks was doing for the session is done. */
async function finish(diarizer: Diarizer, work: SpeakerWork): Promise<number> {
  await diarizer.analyseWindow(0, new Int16Array(SAMPLE_RATE));
  const begun = performance.now();
  const found = await work.finish({}, () => {});
  if (found.turns.length === 0) throw new Error('there are no turns');
  return (performance.now() - begun) / 1000;
}

async function cluster(source: readonly WindowAnalysis[], models: string): Promise<number | undefined> {
  const plda = await loadPlda(models);
  // Not every local speaker of a window has a voice that is fit for clustering.
  const perWindow = filterTraining(source).embeddings.rows / source.length;
  const windows = repeat(source, Math.ceil((1.05 * EMBEDDINGS) / perWindow));
  const { embeddings } = filterTraining(windows);
  const { columns } = embeddings;
  const voices = { rows: EMBEDDINGS, columns, data: embeddings.data.slice(0, EMBEDDINGS * columns) };
  if (embeddings.rows < EMBEDDINGS) throw new Error(`there are only ${embeddings.rows} embeddings`);
  const taken: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const begun = performance.now();
    findVoices(voices, { minimum: 1, maximum: Number.POSITIVE_INFINITY }, plda === undefined ? {} : { plda });
    taken.push((performance.now() - begun) / 1000);
  }
  return median(taken);
}
