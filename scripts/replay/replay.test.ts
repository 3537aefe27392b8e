import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import t from 'tap';
import { createToneEngine } from '../../fixtures/engines/tone-engine.ts';
import { createTestCorpus, opened, readAll, slice } from '../../server/corpus/testing.ts';
import { audioHashOf } from '../client/audio-hash.ts';
import { startRecording } from '../client/node-client.ts';
import { clinician, createDataDirectory, startRealServer, toneSlices } from '../testing/real-server.ts';
import { jsonLines, toolsOn } from '../testing/run-tools.ts';
import { replay } from './replay.ts';
import { verifySession } from './verify-session.ts';

const seed = randomInt(2 ** 31);
t.comment(`seed ${seed}`);

t.test(
  'a recorded consultation is listed, read back, verified and sent again, while its server runs',
  async (t) => {
    const { directory, config } = createDataDirectory(t);
    const { address, corpus, tokenFor } = await startRealServer(t, config, { engine: createToneEngine() });
    const slices = toneSlices(5, seed);
    const { session, result } = await startRecording({
      ...{ server: address, token: await tokenFor(clinician), slices, finalize: {} },
    }).done;
    const tool = toolsOn(directory);

    const [listed] = jsonLines((await tool(replay, '--list', '--json')).stdout);
    t.match(listed, { session, owner: 'dr-a', tenant: 'north', slices: 5, state: 'finished' });
    t.notOk(
      (await readAll(corpus, session)).some(({ type }) => type === 'session.read'),
      'a list shows no content',
    );

    const before = await readAll(corpus, session);
    const events = jsonLines((await tool(replay, '--latest', '--max', '--json')).stdout);
    const [read] = (await readAll(corpus, session)).slice(before.length);
    t.match(
      read,
      { type: 'session.read', data: { by: /^os:./, what: 'events' } },
      '[C3] the read is recorded',
    );
    const { result: shown, ...completed } = events.find(({ type }) => type === 'finish.completed')!;
    t.same(shown, result);
    t.same(
      events.map((event) => (event.type === 'finish.completed' ? completed : event)),
      [...before, read],
      'what is printed is what is stored, and the read itself',
    );

    const words = result!.segments.flatMap((segment) => segment.words.map(({ text }) => text));
    const lines = (await tool(replay, session, '--speed', '1000')).stdout;
    t.match(lines, /slice.received +slice 4, epoch 0, \d+ bytes of audio\/wav/);
    t.match(lines, words.join(' '), 'the transcript follows the finish');

    const rows = jsonLines((await tool(replay, session, '--rows', '--json')).stdout);
    t.equal(rows.length, 5);
    for (const [index, row] of rows.entries()) {
      const { sha256 } = slices[index]!;
      t.match(row, {
        chunk_id: `${session}_chunk_${index}_${sha256.slice(7, 15)}`,
        ...{ session_id: session, chunk_number: index, timestamp_start: index, timestamp_end: index + 1 },
        audio_hash: sha256,
      });
    }
    t.equal(
      rows
        .map((row) => row.transcription)
        .join(' ')
        .replace(/ +/g, ' ')
        .trim(),
      words.join(' '),
    );

    const verified = await tool(replay, session, '--verify');
    t.match(verified, { code: 0, stdout: /^✓ .* the audio of 5 slices/ });

    const sent = await tool(replay, session, '--max', '--json', '--send', address);
    t.equal(sent.code, 0, sent.stderr);
    const [summary] = jsonLines(sent.stdout) as [{ session: string; words: number; audio: object }];
    t.not(summary.session, session);
    t.match(
      summary,
      { slices: 5, words: words.length, duration: 5, audio: result!.audio },
      'the copy is the same audio',
    );
    t.match(
      await corpus.summary(summary.session),
      { owner: 'dr-a', tenant: 'north' },
      'and belongs to the same person',
    );
    t.match((await readAll(corpus, session)).at(-1), { type: 'session.exported', data: { what: 'audio' } });
  },
);

t.test('without a server the tool reads too, and records it by itself', async (t) => {
  const { directory, config } = createDataDirectory(t);
  const { address, corpus, tokenFor, stop } = await startRealServer(t, config);
  const { session } = await startRecording({
    ...{ server: address, token: await tokenFor(clinician), slices: toneSlices(2, seed) },
  }).done;
  const { events } = (await corpus.summary(session))!;
  await stop();
  const replayed = await toolsOn(directory)(replay, session, '--max', '--json');
  t.equal(replayed.code, 0, replayed.stderr);
  const last = jsonLines(replayed.stdout).at(-1);
  t.match(last, { type: 'session.read', data: { by: /^os:./ } });
  t.ok((last?.n as number) > events);
});

t.test('what cannot be done is one sentence and exit code 1', async (t) => {
  const { directory, config } = createDataDirectory(t);
  const tool = toolsOn(directory);
  const refuses = async (sentence: RegExp, ...args: string[]) => {
    const { code, stdout, stderr } = await tool(replay, ...args);
    t.equal(code, 1);
    t.equal(stdout, '');
    t.match(stderr, sentence);
    t.notMatch(stderr, /\n +at /, 'no stack');
  };
  await refuses(/^✗ There is no corpus in .*data; start the server once/, '--list');
  const { address, tokenFor } = await startRealServer(t, config);
  await refuses(/^✗ There is no session yet/, '--latest');
  await refuses(/^✗ There is no session nobody-1/, 'nobody-1');
  await refuses(/^✗ Name one session/, '--max');
  await refuses(/--speed.*above 0/, 'nobody-1', '--speed', '0');
  await refuses(/--verify.*cannot be used with.*--send/, 'nobody-1', '--verify', '--send', address);
  const { session } = await startRecording({
    ...{ server: address, token: await tokenFor(clinician), slices: toneSlices(1, seed) },
  }).done;
  await refuses(/^✗ elsewhere is no address/, session, '--send', 'elsewhere');
  await refuses(/^✗ https:.* is another machine: give --token/, session, '--send', 'https://records.example');
});

t.test('[C1] verifying names the first slice whose audio does not have its hash', async (t) => {
  const { corpus } = await createTestCorpus(t);
  const audio = Buffer.from('audio of a slice');
  const received = (seq: number, audioHash: string) => {
    const event = slice(seq, audio) as ReturnType<typeof slice> & { type: 'slice.received' };
    return { ...event, data: { ...event.data, audioHash } };
  };
  await corpus.open('session-1', opened);
  await corpus.append('session-1', [received(0, audioHashOf(audio)), received(1, audioHashOf(audio))]);
  t.same(await verifySession(corpus, 'session-1'), { session: 'session-1', events: 3, blobs: 2, slices: 2 });
  await corpus.append('session-1', [received(2, audioHashOf(Buffer.from('other audio')))]);
  t.match(await verifySession(corpus, 'session-1'), { slices: 2, fault: { n: 4, what: /slice 2/ } });
});

t.test('as a program it says the same, and ends with 1', async (t) => {
  const { directory } = createDataDirectory(t);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'scripts/replay.ts', '--list'],
    { env: { PATH: process.env.PATH ?? '', AUSCULT_DATA: directory }, encoding: 'utf8' },
  );
  t.match({ status, stdout }, { status: 1, stdout: '' });
  t.match(stderr, /^✗ There is no corpus in [^\n]+\n$/);
});
