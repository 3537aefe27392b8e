/** Which networks there are: the published ones on ONNX Runtime, or the stand-ins. */
import { join } from 'node:path';
import type { DiarizationMethod } from '../../shared/events.ts';
import { diarizationFiles } from '../model-table.ts';
import { THRESHOLD, TRAINING_LIMIT } from './clustering.ts';
import type { ConcludeOptions, Diarization, WindowAnalysis } from './diarizer.ts';
import type { Embedder } from './embedder.ts';
import { conclude } from './pipeline.ts';
import { loadPlda } from './plda-files.ts';
import type { NetworkOptions } from './process/messages.ts';
import type { Segmenter } from './segmenter.ts';
import { findWarmStart, type WarmStart } from './warm-start.ts';

export const SEGMENTATION_FILE = diarizationFiles.segmentation.file;
export const EMBEDDING_FILE = diarizationFiles.embedding.file;

const START = { threshold: THRESHOLD, trainingLimit: TRAINING_LIMIT };

export interface Networks {
  readonly method: DiarizationMethod;
  readonly segmenter: Segmenter;
  readonly embedder: Embedder;
  /** Where clustering can go on from what was found among the first windows of a recording. */
  findWarmStart?(windows: readonly WindowAnalysis[]): WarmStart;
  conclude(windows: readonly WindowAnalysis[], options: ConcludeOptions, earlier?: WarmStart): Diarization;
}

/** @throws Error naming the file that is not what it should be, or why ONNX Runtime does not load. */
export async function loadNetworks(options: NetworkOptions): Promise<Networks> {
  if (options.modelsDirectory === undefined) return await loadStandIns(options);
  const { createOnnxSegmenter } = await import('./onnx/onnx-segmenter.ts');
  const { createOnnxEmbedder } = await import('./onnx/onnx-embedder.ts');
  const [directory, { threads, phantomSeconds }] = [options.modelsDirectory, options];
  const segmenter = await createOnnxSegmenter(join(directory, SEGMENTATION_FILE), { threads });
  const embedder = await createOnnxEmbedder(join(directory, EMBEDDING_FILE), { threads });
  const plda = await loadPlda(directory);
  return {
    method: plda === undefined ? 'agglomerative' : 'community-1',
    segmenter,
    embedder,
    ...(plda === undefined ? {} : { findWarmStart: (windows) => findWarmStart(windows, { ...START, plda }) }),
    conclude: (windows, request, earlier) => conclude(windows, request, { plda, phantomSeconds }, earlier),
  };
}

async function loadStandIns({ phantomSeconds }: NetworkOptions): Promise<Networks> {
  const { createVoiceActivitySegmenter } = await import('./stand-ins/voice-activity-segmenter.ts');
  const { createStatisticsEmbedder, SAME_VOICE_DISTANCE } = await import(
    './stand-ins/statistics-embedder.ts'
  );
  const settings = { aloneThreshold: SAME_VOICE_DISTANCE, phantomSeconds };
  return {
    method: 'stand-in',
    segmenter: createVoiceActivitySegmenter(),
    embedder: createStatisticsEmbedder(),
    conclude(windows, request) {
      const found = conclude(windows, request, settings);
      // The PLDA is of the real embeddings and would be of no use here.
      return {
        ...found,
        method: 'stand-in',
        warnings: found.warnings.filter(({ code }) => code !== 'PLDA_MISSING'),
      };
    },
  };
}
