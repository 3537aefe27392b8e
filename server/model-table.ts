/** The one table of model files: where each is published, its size and its published hash. */
import { join } from 'node:path';
import type { Config } from './config.ts';

export interface PublishedHash {
  readonly algorithm: 'sha1' | 'sha256';
  readonly hex: string;
}

/** A place on the hub where a model file is published. */
export interface ModelSource {
  readonly repository: string;
  /** Branch or commit. */
  readonly revision: string;
  readonly path: string;
  /** Where no hash is published, the hub's own `X-Linked-Etag` is checked. */
  readonly hash?: PublishedHash;
  /** Exact size in bytes, where it is known. */
  readonly bytes?: number;
}

export interface ModelFile {
  /** Its name in AUSCULT_MODELS. */
  readonly file: string;
  /** What it is for, as a reader of the doctor's table wants it. */
  readonly purpose: string;
  readonly licence: string;
  /** Rounded size in bytes, for the check of free space. */
  readonly about: number;
  /** In the order in which they are tried. */
  readonly sources: readonly [ModelSource, ...ModelSource[]];
}

const MiB = 1024 * 1024;

const whisper = (name: string, mebibytes: number, sha1: string): ModelFile => ({
  file: `ggml-${name}.bin`,
  purpose: `speech (Whisper ${name})`,
  licence: 'MIT',
  about: mebibytes * MiB,
  sources: [
    {
      repository: 'ggerganov/whisper.cpp',
      revision: 'main',
      path: `ggml-${name}.bin`,
      hash: { algorithm: 'sha1', hex: sha1 },
    },
  ],
});

/** Setting AUSCULT_WHISPER_MODEL → its file. */
export const whisperFiles: Readonly<Record<Config['AUSCULT_WHISPER_MODEL'], ModelFile>> = {
  tiny: whisper('tiny', 75, 'bd577a113a864445d4c299885e0cb97d4ba92b5f'),
  'tiny-q5_1': whisper('tiny-q5_1', 31, '2827a03e495b1ed3048ef28a6a4620537db4ee51'),
  'tiny-q8_0': whisper('tiny-q8_0', 42, '19e8118f6652a650569f5a949d962154e01571d9'),
  base: whisper('base', 142, '465707469ff3a37a2b9b8d8f89f2f99de7299dac'),
  'base-q5_1': whisper('base-q5_1', 57, 'a3733eda680ef76256db5fc5dd9de8629e62c5e7'),
  'base-q8_0': whisper('base-q8_0', 78, '7bb89bb49ed6955013b166f1b6a6c04584a20fbe'),
  small: whisper('small', 466, '55356645c2b361a969dfd0ef2c5a50d530afd8d5'),
  'small-q5_1': whisper('small-q5_1', 181, '6fe57ddcfdd1c6b07cdcc73aaf620810ce5fc771'),
  'small-q8_0': whisper('small-q8_0', 252, 'bcad8a2083f4e53d648d586b7dbc0cd673d8afad'),
  medium: whisper('medium', 1536, 'fd9727b6e1217c2f614f9b698455c4ffd82463b4'),
  'large-v3-turbo': whisper('large-v3-turbo', 1536, '4af2b29d7ec73d781377bfd1758ca957a807e941'),
  'large-v3-turbo-q5_0': whisper('large-v3-turbo-q5_0', 547, 'e050f7970618a659205450ad97eb95a18d69c9ee'),
};

const plda = (name: string, bytes: number, sha256: string): ModelFile => ({
  file: name,
  purpose: 'speakers (PLDA)',
  licence: 'CC-BY-4.0',
  about: bytes,
  sources: [
    {
      repository: 'pyannote/speaker-diarization-community-1',
      revision: '3533c8cf8e369892e6b79ff1bf80f7b0286a54ee',
      path: `plda/${name}`,
      hash: { algorithm: 'sha256', hex: sha256 },
      bytes,
    },
  ],
});

export const diarizationFiles = {
  segmentation: {
    file: 'pyannote-segmentation-3.0.onnx',
    purpose: 'speakers (segmentation)',
    licence: 'MIT',
    about: 5_986_908,
    sources: [
      {
        repository: 'onnx-community/pyannote-segmentation-3.0',
        revision: 'main',
        path: 'onnx/model.onnx',
        hash: {
          algorithm: 'sha256',
          hex: '057ee564753071c0b09b5b611648b50ac188d50846bff5f01e9f7bbf1591ea25',
        },
        bytes: 5_986_908,
      },
    ],
  },
  embedding: {
    file: 'wespeaker-resnet34-lm.onnx',
    purpose: 'speakers (voice prints)',
    licence: 'CC-BY-4.0',
    about: 26_500_000,
    sources: [
      {
        repository: 'FinDIT-Studio/dia-models',
        revision: '6eef479c954ec180e79cee316af2f16d5f7720bd',
        path: 'wespeaker_resnet34_lm.onnx',
        hash: {
          algorithm: 'sha256',
          hex: 'f23f04aa9d0f6b8b0a28de016d226dcbe92d7461a6e58045401acfbed623838a',
        },
      },
      {
        repository: 'hbredin/wespeaker-voxceleb-resnet34-LM',
        revision: 'main',
        path: 'speaker-embedding.onnx',
      },
    ],
  },
  plda: plda('plda.npz', 133_852, '9b77bcd840692710dd3496f62ecfeed8d8e5f002fd991b785079b244eab7d255'),
  pldaTransform: plda(
    'xvec_transform.npz',
    134_376,
    '325f1ce8e48f7e55e9c8aa47e05d2766b7c48c4b25b8de8dd751e7a4cc5fbe8f',
  ),
} satisfies Record<string, ModelFile>;

/** @returns where a model file lies, or is to lie, on this machine. */
export const modelPath = (config: Pick<Config, 'AUSCULT_MODELS'>, model: ModelFile) =>
  join(config.AUSCULT_MODELS, model.file);
