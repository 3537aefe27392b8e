import { randomInt } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { readConfig } from '../../server/config.ts';
import { createCorpus } from '../../server/corpus/create-corpus.ts';
import { readAll } from '../../server/corpus/testing.ts';
import { startRecording } from '../client/node-client.ts';
import { replay } from '../replay/replay.ts';
import { clinician, createDataDirectory, startRealServer, toneSlices } from '../testing/real-server.ts';
import { jsonLines, toolsOn } from '../testing/run-tools.ts';
import { audit } from './audit.ts';
import { backup as backUp } from './backup.ts';
import { erase } from './erase.ts';
import { rotateKey } from './rotate-key.ts';
import { verify } from './verify.ts';

const seed = randomInt(2 ** 31);
t.comment(`seed ${seed}`);
const slices = toneSlices(2, seed);

async function record({ address, tokenFor }: Awaited<ReturnType<typeof startRealServer>>): Promise<string> {
  return (await startRecording({ server: address, token: await tokenFor(clinician), slices }).done).session;
}

t.test(
  '[C2] [C3] erasing beside a running server goes through it, and the trail tells who did what',
  async (t) => {
    const { directory, config } = createDataDirectory(t);
    const running = await startRealServer(t, config);
    const { corpus, address, tokenFor } = running;
    const [kept, gone] = [await record(running), await record(running)];
    const stranger = { ...clinician, subject: 'dr-b' };
    const denied = await fetch(`${address}/api/sessions/${gone}`, {
      headers: { authorization: `Bearer ${await tokenFor(stranger)}` },
    });
    t.equal(denied.status, 403);

    const tool = toolsOn(directory);
    const erased = await tool(erase, gone, '--reason', 'asked for');
    t.match(erased, { code: 0, stdout: `✓ ${gone} is erased\n` });
    t.match((await readAll(corpus, gone)).at(-1), {
      type: 'session.erased',
      data: { by: /^os:./, reason: 'asked for' },
    });
    t.match(await tool(erase, gone), { code: 1, stderr: `✗ ${gone} is erased already.\n` });
    t.equal((await corpus.summary(kept))?.state, 'open');
    const goOn = startRecording({ server: address, token: await tokenFor(clinician), session: gone, slices });
    await t.rejects(goOn.done, { code: 'SESSION_UNKNOWN' }, 'nobody records into it any more');

    const trail = await tool(audit, '--json');
    t.match(
      jsonLines(trail.stdout),
      [
        { session: gone, type: 'access.denied', data: { by: 'dr-b', what: 'read', code: 'FORBIDDEN' } },
        { session: gone, type: 'session.erased', data: { by: /^os:./ } },
      ],
      'what was denied before the erasure is told after it',
    );
    const later = await tool(audit, '--session', gone, '--since', '2999-01-01');
    t.match(later, { code: 0, stdout: '' });

    const refused = await tool(rotateKey);
    t.match(refused, { code: 1, stderr: /^✗ A server runs at http.* stop it, rotate, and start it again/ });
  },
);

t.test('a backup made beside a running server restores, and verifies', async (t) => {
  const { directory, config } = createDataDirectory(t);
  const running = await startRealServer(t, config);
  const session = await record(running);
  const tool = toolsOn(directory);
  const backup = join(directory, '..', 'backup');
  t.match(await tool(backUp, backup), { code: 0, stdout: /corpus\.db/ });
  t.match(await tool(backUp, backup), {
    code: 1,
    stderr: /^✗ There is a corpus in .* name an empty directory/,
  });
  await record(running);
  await running.stop();
  t.notOk(existsSync(join(directory, 'server.json')), 'a server that stopped is not to be found any more');

  const restored = join(directory, '..', 'restored');
  mkdirSync(restored);
  copyFileSync(join(backup, 'corpus.db'), join(restored, 'corpus.db'));
  copyFileSync(config.masterKeyFile, join(restored, 'master.key'));
  const again = await startRealServer(t, readConfig({ AUSCULT_DATA: restored }));
  t.same(
    (await again.corpus.sessions()).map((summary) => summary.session),
    [session],
  );
  const report = await toolsOn(restored)(verify, '--json');
  t.equal(report.code, 0);
  t.match(JSON.parse(report.stdout), { sessions: 1, faults: [] });
  await record(again);
});

t.test('[C1] verify names the first bad event and ends with 1', async (t) => {
  const { directory, config } = createDataDirectory(t);
  const running = await startRealServer(t, config);
  const [good, bad] = [await record(running), await record(running)];
  await running.stop();
  const db = new Database(join(directory, 'corpus.db'));
  db.exec('DROP TRIGGER events_refuse_update');
  db.prepare("UPDATE events SET at = '2000-01-01T00:00:00.000Z' WHERE stream = ? AND n = 2").run(bad);
  db.close();
  const tool = toolsOn(directory);
  const { code, stdout } = await tool(verify);
  t.equal(code, 1);
  t.match(stdout, `✗ ${bad}, event 2: it has been changed\n✗ 2 sessions, `);
  t.match(await tool(replay, bad, '--verify'), {
    code: 1,
    stdout: `✗ ${bad}, event 2: it has been changed\n`,
  });
  t.match(await tool(verify, '--session', good), { code: 0 });
});

t.test(
  '[C2] without a server the tools write themselves: the key is rotated, a session erased',
  async (t) => {
    const { directory, config } = createDataDirectory(t);
    const running = await startRealServer(t, config);
    t.equal(statSync(join(directory, 'server.json')).mode & 0o777, 0o600);
    const [kept, gone] = [await record(running), await record(running)];
    // A server that was killed leaves its address behind; the lock went with it.
    copyFileSync(join(directory, 'server.json'), join(directory, 'left'));
    await running.stop();
    copyFileSync(join(directory, 'left'), join(directory, 'server.json'));

    const before = readFileSync(config.masterKeyFile, 'utf8');
    const tool = toolsOn(directory);
    t.match(await tool(rotateKey), { code: 0, stdout: /holds a new key/ });
    t.not(readFileSync(config.masterKeyFile, 'utf8'), before);
    t.match(await tool(erase, gone), { code: 0 });

    const corpus = await createCorpus({ directory, masterKeyFile: config.masterKeyFile });
    t.teardown(() => corpus.close());
    t.equal((await corpus.summary(gone))?.state, 'erased');
    t.ok((await readAll(corpus, kept)).length >= 3);
    t.same((await corpus.verify()).faults, []);
  },
);
