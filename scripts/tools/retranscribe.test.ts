import t, { type Test } from 'tap';
import { createToneEngine, startToneServer } from '../../fixtures/engines/tone-engine.ts';
import { TONE_MODEL, writeToneProgram } from '../../fixtures/engines/tone-model.ts';
import { randomToneWords, renderToneSpeech } from '../../fixtures/engines/tone-speech.ts';
import { createCorpus } from '../../server/corpus/create-corpus.ts';
import { readAll } from '../../server/corpus/testing.ts';
import type { Diarizer } from '../../server/diarization/diarizer.ts';
import { decodeResult } from '../../server/finalize/result-codec.ts';
import { serveContract } from '../../server/speech/stand-ins/contract-server.ts';
import { createVocabulary } from '../../server/vocabulary.ts';
import type { FinalResult } from '../../shared/events.ts';
import { textOf } from '../../shared/transcript.ts';
import { cut, sliceOf } from '../bench/slices.ts';
import { startRecording } from '../client/node-client.ts';
import { clinician, createDataDirectory, startRealServer } from '../testing/real-server.ts';
import { toolsOn } from '../testing/run-tools.ts';
import { erase } from './erase.ts';
import { retranscribeTool } from './retranscribe.ts';

const { audio, words } = renderToneSpeech(randomToneWords(90, 3), { seed: 3 });
const slices = [...cut(audio)].map(sliceOf);
const exactly = textOf(words);

/** Two speakers, one in each half; where both speak, the second has the word. */
const halves: Diarizer = {
  method: 'stand-in',
  embedder: 'none',
  analyseWindow: async (index) => ({
    ...{ index, activity: new Uint8Array(), frames: 0, speakers: 0, embeddings: new Float32Array() },
  }),
  gather: () => ({
    advance() {},
    close() {},
    async conclude(_count, { duration }) {
      const [first, second] = ['SPEAKER_00', 'SPEAKER_01'];
      const [half, end] = [duration / 2, duration];
      return {
        ...{ method: 'stand-in', speakers: [first, second], centroids: [], warnings: [] },
        turns: [
          { speaker: first, start: 0, end: half + 5 },
          { speaker: second, start: half, end },
        ],
        exclusiveTurns: [
          { speaker: first, start: 0, end: half },
          { speaker: second, start: half, end },
        ],
      };
    },
  }),
  async close() {},
};

const wordsOf = ({ segments }: FinalResult) => textOf(segments.flatMap((segment) => segment.words));
const turnsOf = ({ segments }: FinalResult) =>
  segments.map(({ speaker, start, end }) => ({ speaker, start, end }));

/** A data directory with a session that a bad engine has heard; its server is stopped. */
async function finishedSession() {
  const { directory, config } = createDataDirectory(t);
  const running = await startRealServer(t, config, {
    ...{ engine: createToneEngine({ misheard: 0.4 }), diarizer: halves },
  });
  const { address, tokenFor } = running;
  const token = await tokenFor(clinician);
  const { session, result } = await startRecording({ server: address, token, slices, finalize: {} }).done;
  await fetch(`${address}/api/sessions/${session}/speakers/SPEAKER_01`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ name: 'Ana' }),
  });
  await running.stop();
  const corpusOf = async (t: Test) => {
    const corpus = await createCorpus({ directory, masterKeyFile: config.masterKeyFile });
    t.teardown(() => corpus.close());
    return corpus;
  };
  return { directory, config, session, result: result!, corpusOf };
}

const { directory, config, session, result, corpusOf } = await finishedSession();
const better = await startToneServer();
t.teardown(() => better.close());
const tool = toolsOn(directory, { WHISPER_URL: better.url });

t.test('a session heard again has a new result; the older one, speakers and their names stay', async (t) => {
  t.not(wordsOf(result), exactly, 'the first engine has misheard');
  const answer = await tool(retranscribeTool, session);
  t.match(answer, {
    code: 0,
    stdout: `✓ ${session}: ${words.length} words by whisper-server of the remote server\n`,
  });
  const said = words.slice(1).map((word, index) => textOf([words[index]!, word]));
  t.notOk(
    said.some((text) => answer.stderr.includes(text)),
    '[C4] no text in what it prints',
  );

  const corpus = await corpusOf(t);
  const events = await readAll(corpus, session);
  const completed = events.filter((event) => event.type === 'finish.completed');
  const results = await Promise.all(
    completed.map(async ({ blob }) => decodeResult(await corpus.blob(session, blob!))),
  );
  const [first, second] = results;
  t.same(first, result, 'the first result can still be read');
  t.equal(wordsOf(second!), exactly);
  t.same(turnsOf(second!), turnsOf(result), 'the same speakers, in overlaps as well');
  t.same([second!.turns, second!.audio, second!.coverage], [result.turns, result.audio, result.coverage]);
  t.match(second, { transcription: { engine: { name: 'whisper-server' }, pass: 'second' } });
  t.same(second!.warnings, []);
  t.match(events.findLast((event) => event.type === 'finish.requested')?.data, { by: /^os:./ });
  t.same((await corpus.verify()).faults, []);
  await corpus.close();

  const again = await startRealServer(t, config, { engine: createToneEngine(), diarizer: halves });
  const token = await again.tokenFor(clinician);
  const headers = { authorization: `Bearer ${token}` };
  const view = async () =>
    (
      (await (await fetch(`${again.address}/api/sessions/${session}`, { headers })).json()) as {
        result: FinalResult;
      }
    ).result;
  t.equal(wordsOf(await view()), exactly, 'the newest result stands');
  const named = async () => (await view()).speakers.map(({ name }) => name);
  t.same(await named(), [undefined, 'Ana'], 'the correction still stands');
  const undo = `${again.address}/api/sessions/${session}/speakers/SPEAKER_01/undo`;
  t.equal((await fetch(undo, { method: 'POST', headers })).status, 204);
  t.same(await named(), [undefined, undefined], 'and can be taken back');
  const finalize = { numSpeakers: 2 };
  const more = startRecording({ server: again.address, token, session, slices, finalize });
  t.equal(wordsOf((await more.done).result!), exactly, 'speakers told apart anew keep the newer text');
});

t.test('a named model is loaded by a process of ours, whatever engine the settings name', async (t) => {
  const machine = t.testdir({ 'ggml-tiny.bin': TONE_MODEL });
  const answer = await toolsOn(directory, {
    ...{ WHISPER_URL: 'http://127.0.0.1:9', AUSCULT_MODELS: machine, AUSCULT_CACHE: machine },
    ...{ WHISPER_SERVER_BIN: writeToneProgram(machine), AUSCULT_WORKERS: '1' },
  })(retranscribeTool, session, '--model', 'tiny');
  t.match(answer, { code: 0, stdout: `✓ ${session}: ${words.length} words by whisper.cpp tiny\n` });
});

t.test("another language and the clinic's terms reach the engine, and the language stays", async (t) => {
  const corpus = await corpusOf(t);
  const onFault = (error: unknown) => t.fail('fault', { error });
  const vocabulary = await createVocabulary({ corpus, setting: [], newId: () => 'terms', onFault });
  await vocabulary.replace(clinician, ['losartan']);
  await corpus.close();
  const { forms, ...environment } = await engineThatNotes(t);
  const answer = await toolsOn(directory, { ...environment, AUSCULT_VOCABULARY: 'metformin' })(
    ...([retranscribeTool, session, '--language', 'pt'] as const),
  );
  t.equal(answer.code, 0);
  t.ok(forms.length > 0 && forms.every((form) => form.includes('metformin, losartan.')));
  t.ok(forms.every((form) => /name="language"\r\n\r\npt\r\n/.test(form)));
  const after = await corpusOf(t);
  t.match((await after.latest(session, 'language.settled'))?.data, { language: 'pt', probability: 1 });
});

/** The forms that the engine was sent. */
async function engineThatNotes(t: Test) {
  const forms: string[] = [];
  const server = await serveContract({
    async recognise({ fields }) {
      forms.push([...fields].map(([name, value]) => `name="${name}"\r\n\r\n${value}\r\n`).join(''));
      return { language: 'portuguese', segments: [] };
    },
  });
  t.teardown(() => server.close());
  return { forms, WHISPER_URL: server.url };
}

t.test('what cannot be transcribed again is told in a sentence, and nothing is changed', async (t) => {
  const none = { AUSCULT_STAND_IN: '0', PATH: '/nonexistent', AUSCULT_CACHE: directory };
  const refused = async (answer: ReturnType<typeof tool>, sentence: RegExp) => {
    const { code, stdout, stderr } = await answer;
    t.match({ code, stdout }, { code: 1, stdout: '' });
    t.match(stderr, sentence);
  };
  const corpus = await corpusOf(t);
  const before = (await corpus.summary(session))!.events;
  await corpus.open('session-open', { language: 'en', owner: 'dr-a', tenant: 'north' });
  await corpus.close();

  await refused(tool(retranscribeTool, 'never-was-1'), /^✗ There is no session never-was-1\.\n$/);
  await refused(tool(retranscribeTool, 'session-open'), /^✗ session-open is not finished/);
  await refused(tool(retranscribeTool, session, '--language', 'Spanish'), /must be a code such as es/);
  await refused(tool(retranscribeTool, session, '--model', 'huge'), /Allowed choices are tiny/);
  await refused(
    tool(retranscribeTool, session, '--model', 'tiny'),
    /^✗ There is no speech engine with the model tiny on this machine; npm run doctor/,
  );
  await refused(
    toolsOn(directory, none)(retranscribeTool, session),
    /^✗ There is no speech engine on this machine; npm run doctor/,
  );
  await refused(
    toolsOn(directory, { WHISPER_URL: 'http://127.0.0.1:9' })(retranscribeTool, session),
    /✗ The speech engine does not start; nothing was changed\.\n$/,
  );
  const running = await startRealServer(t, config);
  t.equal((await running.corpus.summary(session))!.events, before);
  await refused(
    tool(retranscribeTool, session),
    /^✗ A server runs at http.* stop it, transcribe again, and start it again/,
  );
  await running.stop();
  await tool(erase, session);
  await refused(tool(retranscribeTool, session), /^✗ .* is erased: there is no audio any more\.\n$/);
});
