import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import t, { type Test } from 'tap';
import { createToneEngine } from '../fixtures/engines/tone-engine.ts';
import { startRecording } from '../scripts/client/node-client.ts';
import {
  clinician,
  createDataDirectory,
  startRealServer,
  toneSlices,
} from '../scripts/testing/real-server.ts';
import { VOCABULARY_PREFIX } from './corpus/corpus.ts';
import { createTestCorpus } from './corpus/testing.ts';
import { createVocabulary } from './vocabulary.ts';

const ruiz = { subject: 'dr-ruiz', tenant: 'north', roles: ['clinician' as const] };

async function open(t: Test, setting: string[] = []) {
  const { corpus, options } = await createTestCorpus(t);
  const again = () =>
    createVocabulary({ corpus, setting, newId: nanoid, onFault: (error) => t.fail('fault', { error }) });
  return { corpus, options, again, vocabulary: await again() };
}

t.test(
  "the setting's terms stand first, then the clinic's own, each once, and no other clinic's",
  async (t) => {
    const { vocabulary } = await open(t, ['metformin', 'Núñez']);
    t.same(await vocabulary.list('north'), []);
    const combining = 'Núñez'.normalize('NFD');
    const given = ['losartan', combining, 'losartan', 'Ferreira'];
    t.same(await vocabulary.replace(ruiz, given), ['losartan', 'Núñez', 'Ferreira']);
    t.same(await vocabulary.list('north'), ['losartan', 'Núñez', 'Ferreira']);
    t.same(vocabulary.of('north'), ['metformin', 'Núñez', 'losartan', 'Ferreira']);
    t.same(vocabulary.of('south'), ['metformin', 'Núñez']);
    t.same(await vocabulary.list('south'), []);
  },
);

t.test('a list is there after a restart, and is no session', async (t) => {
  const { corpus, vocabulary, again } = await open(t);
  await vocabulary.replace(ruiz, ['losartan']);
  const restarted = await again();
  t.same(restarted.of('north'), ['losartan']);
  t.same(await restarted.list('north'), ['losartan']);
  t.same([await corpus.sessions(), await corpus.sessions({ kind: 'voice' })], [[], []]);
});

t.test('[C2] a list lies encrypted, and one that was replaced is gone with its key', async (t) => {
  const { corpus, options, vocabulary } = await open(t);
  await vocabulary.replace(ruiz, ['losartan']);
  const [first] = await corpus.sessions({ kind: 'vocabulary' });
  const files = await readdir(options.directory);
  const onDisk = await Promise.all(files.map((file) => readFile(join(options.directory, file))));
  t.notOk(Buffer.concat(onDisk).includes('losartan'));

  await Promise.all([vocabulary.replace(ruiz, ['ramipril']), vocabulary.replace(ruiz, ['enalapril'])]);
  t.same([await vocabulary.list('north'), vocabulary.of('north')], [['enalapril'], ['enalapril']]);
  t.equal(await corpus.latest(first!.session, 'vocabulary.changed'), undefined, 'its key is gone');
  const states = (await corpus.sessions({ kind: 'vocabulary' })).map(({ state }) => state);
  t.same(states.sort(), ['erased', 'erased', 'open']);
  await vocabulary.replace(ruiz, []);
  t.same([await vocabulary.list('north'), vocabulary.of('north')], [[], []]);
  t.same((await corpus.verify()).faults, [], 'and the corpus verifies');
});

t.test('a list whose writing was cut short is passed over', async (t) => {
  const { corpus, vocabulary, again } = await open(t);
  await vocabulary.replace(ruiz, ['losartan']);
  await corpus.open(`${VOCABULARY_PREFIX}half`, { language: 'auto', owner: 'dr-ruiz', tenant: 'north' });
  t.same((await again()).of('north'), ['losartan']);
});

t.test(
  'the engine is told the terms in sessions opened afterwards, and in the second pass of all',
  async (t) => {
    const { config } = createDataDirectory(t);
    const tones = createToneEngine();
    const prompts: Record<string, string[]> = { live: [], background: [] };
    const engine = {
      ...tones,
      state: 'ready' as const,
      transcribe(request: Parameters<typeof tones.transcribe>[0]) {
        if (!request.preview) prompts[request.priority]!.push(request.prompt ?? '');
        return tones.transcribe(request);
      },
    };
    const options = { engine, vocabulary: ['metformin'] };
    const { address, tokenFor } = await startRealServer(t, config, options);
    const token = await tokenFor(clinician);
    const put = (terms: string[], bearer = token) =>
      fetch(`${address}/api/vocabulary`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${bearer}` },
        body: JSON.stringify({ terms }),
      });
    t.equal((await put(['elsewhere'], await tokenFor({ ...clinician, tenant: 'south' }))).status, 200);
    const slices = toneSlices(6, 1);
    const half = () => startRecording({ server: address, token, slices: slices.slice(0, 3) });
    const finish = (session: string) =>
      startRecording({ server: address, token, session, slices, finalize: {} }).done;

    const before = await half().done;
    t.same(await (await put(['losartan', 'metformin'])).json(), { terms: ['losartan', 'metformin'] });
    await finish(before.session);
    const told = (prompt: string) => prompt.startsWith('metformin, losartan.');
    t.ok(
      prompts.live!.length > 0 && !prompts.live!.some(told),
      'a session keeps what its live text began with',
    );
    t.ok(prompts.background!.length > 0 && prompts.background!.every(told));
    prompts.live = [];
    await finish((await half().done).session);
    t.ok(prompts.live.length > 0 && prompts.live.every(told));
    t.notOk(prompts.background!.some((prompt) => prompt.includes('elsewhere')));
  },
);
