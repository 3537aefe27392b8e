/** The directions of the house: which file may import which. Paths are relative to the root, with slashes. */

/** Files that tests alone use: the rules of the running program do not bind them. */
export const isForTests = (path: string) =>
  /(\.test\.tsx?|[-/.]contract\.ts|[-/]stand-in\.ts|\/(test|fuzz)-[^/]+\.ts|\/testing(-[^/]+)?\.ts)$/.test(
    path,
  ) || path.includes('/testing/');

const files = (directory: string, ...names: string[]) => names.map((name) => `${directory}/${name}.ts`);

/** Reach no `node:*` and no adapter, not even through another file: they are tested by tables. */
export const pureFiles: readonly string[] = [
  'server/session/transition.ts',
  'server/finalize/align.ts',
  ...files('server/corpus', 'decide', 'evolve', 'chunk-rows'),
  ...files(
    'server/speech',
    'commit-policy',
    'window',
    'plan-stretches',
    'final-words',
    'quality',
    'word-error-rate',
  ),
  ...files('server/diarization', 'powerset', 'training-filter', 'plda', 'agglomerative', 'vbx', 'assign'),
  ...files(
    'server/diarization',
    'find-speakers',
    'warm-start',
    'recording',
    'reconstruct',
    'frames',
    'turns',
    'der',
    'rttm',
    'name-speakers',
  ),
  ...files('server/audio', 'sniff', 'timeline', 'intervals', 'pcm', 'wav'),
];

export const isPure = (path: string) => path.startsWith('shared/') || pureFiles.includes(path);

/** A room's files that the other rooms may import besides the pure ones: its ports. */
export const ports: readonly string[] = [
  'server/audio/stream-decoder.ts',
  'server/audio/voice-activity.ts',
  'server/corpus/corpus.ts',
  'server/diarization/diarizer.ts',
  'server/gateway/peer.ts',
  'server/ops/log.ts',
  'server/ops/metrics.ts',
  'server/speech/engine.ts',
  'server/speech/live-transcriber.ts',
];

/** Room → rooms of which it may import any file. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  audio: [],
  corpus: [],
  diarization: [],
  finalize: [],
  gateway: [],
  jobs: [],
  ops: [],
  session: ['audio', 'diarization', 'finalize', 'jobs', 'ops', 'speech'],
  speech: [],
};

/** Directories and files that only their own room and `server/main.ts` may import. */
export const adapters: readonly string[] = [
  'server/audio/ffmpeg-decoder.ts',
  'server/corpus/sqlite/',
  'server/gateway/sockets/',
  'server/speech/engines/',
  'server/speech/stand-ins/',
];

export const isAdapter = (path: string) =>
  adapters.some((each) => (each.endsWith('/') ? path.startsWith(each) : path === each));

/** `server/speech/engines/pool.ts` → `speech`; undefined for files directly in `server/` and elsewhere. */
export const roomOf = (path: string) => /^server\/([^/]+)\//.exec(path)?.[1];
