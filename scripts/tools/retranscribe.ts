/**
 * `npm run retranscribe -- <session> [--model NAME] [--language xx]`: transcribes a finished session again from its
 * stored audio. The server must be stopped: it holds the sessions in memory and is the one that writes.
 */
import { InvalidArgumentError, Option } from 'commander';
import { createSessionAudio } from '../../server/audio/session-audio.ts';
import { systemClock } from '../../server/clock.ts';
import { type Config, whisperModels } from '../../server/config.ts';
import type { SessionSummary } from '../../server/corpus/corpus.ts';
import { retranscribe } from '../../server/session/retranscribe.ts';
import type { Engine } from '../../server/speech/engine.ts';
import { engineOfSettings } from '../../server/speech/engines/engine-of-settings.ts';
import { createVocabulary } from '../../server/vocabulary.ts';
import type { FinalResult } from '../../shared/events.ts';
import { newId } from '../../shared/ids.ts';
import { summaryOf, withCorpus } from './corpus.ts';
import { createCommand, type Output, type Tool } from './run-tool.ts';
import { account, findServer } from './running-server.ts';

interface Options {
  model?: Config['AUSCULT_WHISPER_MODEL'];
  language?: string;
}

export const retranscribeTool: Tool = async (task) => {
  const { args, config, say, note } = task;
  const program = createCommand(
    'retranscribe',
    'Transcribes a finished session again, while no server runs; the results before stay.',
    task,
  )
    .argument('<session>', 'which one')
    .addOption(
      new Option('--model <name>', 'a speech model of this machine instead of its engine').choices(
        whisperModels,
      ),
    )
    .option('--language <code>', 'what is spoken, such as es, where it was settled wrongly', parseLanguage);
  program.parse(args, { from: 'user' });
  const session = program.args[0]!;
  const { model, language } = program.opts<Options>();

  const summary = await withCorpus(config, 'read', (corpus) => summaryOf(corpus, session));
  const obstacle = obstacles[summary.state];
  if (obstacle !== undefined) throw new Error(`${session} ${obstacle}`);
  const address = findServer(config);
  if (address !== undefined) {
    throw new Error(
      `A server runs at ${address} and writes to the corpus; stop it, transcribe again, and start it again.`,
    );
  }
  const engine = await startedEngine(config, model, note);
  try {
    const result = await withCorpus(config, 'write', async (corpus) => {
      const onFault = () => note('A vocabulary could not be read; its terms are not used.');
      const setting = config.AUSCULT_VOCABULARY;
      const vocabulary = await createVocabulary({ corpus, setting, newId, onFault });
      return retranscribe(
        {
          ...{ corpus, engine, clock: systemClock, newId },
          audio: createSessionAudio(corpus),
          vocabulary: vocabulary.of,
        },
        session,
        {
          by: account(),
          ...(language === undefined ? {} : { language }),
          onProgress: (heard, whole) => note(`${heard.toFixed(0)} of ${whole.toFixed(0)} s`),
        },
      );
    });
    for (const { message } of result.warnings) note(message);
    say(`✓ ${session}: ${sizeOf(result)} by ${engine.description.name} ${engine.description.model}`);
    note('The results before stay in the corpus; npm run replay shows each of them.');
    return true;
  } finally {
    await engine.close();
  }
};

/** Why a session in this state cannot be transcribed again. */
const obstacles: Partial<Record<SessionSummary['state'], string>> = {
  open: 'is not finished: its text is still to come.',
  finishing: 'is being finished: start the server, which goes on with it.',
  failed: 'could not be finished: start the server and finish it again.',
  erased: 'is erased: there is no audio any more.',
  corrupt: 'does not verify and is read-only; npm run verify names what is damaged.',
};

/** @throws Error in one sentence when there is none, or it does not start. */
async function startedEngine(config: Config, model: Options['model'], note: Output['note']): Promise<Engine> {
  const engine = await engineOfSettings(config, {
    clock: systemClock,
    logger: { warn: (_fields, message) => note(message) },
    ...(model === undefined ? {} : { model }),
  });
  if (engine === undefined) {
    const what = model === undefined ? 'speech engine' : `speech engine with the model ${model}`;
    throw new Error(`There is no ${what} on this machine; npm run doctor says what is missing.`);
  }
  await new Promise<void>((resolve) => {
    const look = () => engine.state !== 'starting' && resolve();
    engine.onStateChange(look);
    look();
  });
  if (engine.state === 'ready') return engine;
  await engine.close();
  throw new Error('The speech engine does not start; nothing was changed.');
}

function sizeOf({ segments }: FinalResult): string {
  return `${segments.reduce((sum, { words }) => sum + words.length, 0)} words`;
}

function parseLanguage(text: string): string {
  if (!/^[a-z]{2,3}$/.test(text)) throw new InvalidArgumentError('It must be a code such as es.');
  return text;
}
