/** From a voice sample over HTTP to the name in a result: a real server, corpus and process of the stand-ins. */
import t from 'tap';
import { speakSample, voicesMissing } from '../fixtures/voices.ts';
import { cut, sliceOf } from '../scripts/bench/slices.ts';
import { startRecording } from '../scripts/client/node-client.ts';
import { clinician, createDataDirectory, startRealServer } from '../scripts/testing/real-server.ts';
import { concatSamples } from './audio/pcm.ts';
import { createDiarizer } from './diarization/create-diarizer.ts';
import { encodeWav } from './speech/engines/wav.ts';

const second = 16_000;

t.test(
  'a speaker whose voice is known has the name, the other one a number',
  { skip: voicesMissing },
  async (t) => {
    const { config } = createDataDirectory(t);
    const log = { warn() {}, error() {} };
    const options = { modelsDirectory: t.testdir(), standIn: true, phantomSeconds: 0, log };
    const diarizer = await createDiarizer(options);
    const { address, corpus, tokenFor } = await startRealServer(t, config, { diarizer });
    const token = await tokenFor(clinician);
    const headers = { authorization: `Bearer ${token}` };
    const voice = `${address}/api/voices/${encodeURIComponent('Dra. Núñez')}`;
    const mine = await speakSample('clinician');
    const other = await speakSample('patient');

    const sample = encodeWav(mine.subarray(0, 5 * second));
    const kept = await fetch(voice, { method: 'PUT', headers, body: sample });
    t.equal(kept.status, 201);
    t.match(await kept.json(), { name: 'Dra. Núñez', owner: clinician.subject, usable: true });
    const text = await fetch(voice, { method: 'PUT', headers, body: 'no audio at all' });
    t.equal(text.status, 422);
    t.match(await text.json(), { error: { code: 'VOICE_UNREADABLE' } });

    const said = [other.subarray(6 * second, 12 * second), mine.subarray(6 * second, 12 * second)];
    const consultation = concatSamples(said.flatMap((part) => [part, new Int16Array(second)]));
    const record = async () => {
      const slices = [...cut(consultation)].map(sliceOf);
      const { session, result } = await startRecording({ server: address, token, slices, finalize: {} }).done;
      return { session, speakers: result!.speakers };
    };
    const { session, speakers } = await record();
    t.same(
      speakers.map(({ id, name }) => [id, name]),
      [
        ['SPEAKER_00', undefined],
        ['SPEAKER_01', 'Dra. Núñez'],
      ],
    );
    t.match(await corpus.verify(session), { faults: [] });

    const speaker = `${address}/api/sessions/${session}/speakers/SPEAKER_01`;
    const nameNow = async () => {
      const view = (await (await fetch(`${address}/api/sessions/${session}`, { headers })).json()) as {
        result: { speakers: { name?: string }[] };
      };
      return view.result.speakers[1]?.name;
    };
    await fetch(speaker, { method: 'PUT', headers, body: JSON.stringify({ name: 'Luis' }) });
    t.equal(await nameNow(), 'Luis', 'a person knows better');
    t.equal((await fetch(`${speaker}/undo`, { method: 'POST', headers })).status, 204);
    t.equal(await nameNow(), 'Dra. Núñez', 'and can take it back');
    t.equal((await fetch(`${speaker}/undo`, { method: 'POST', headers })).status, 404, 'once');

    t.equal((await fetch(voice, { method: 'DELETE', headers })).status, 204);
    t.same(await (await fetch(`${address}/api/voices`, { headers })).json(), { voices: [] });
    t.notOk(
      (await record()).speakers.some(({ name }) => name !== undefined),
      'forgotten, it names nobody',
    );
  },
);
