/** Phrases are spoken and stored, looked for in everything that was written, erased, and looked for again. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { seededRandom } from '../../fixtures/engines/tone-vocabulary.ts';
import { admin } from './access/credentials.ts';
import { consult } from './crash.ts';
import { type Arena, createArena } from './harness/arena.ts';
import { differentWords, recordTones } from './harness/sound.ts';
import { countBelow, countIn, type Needle, pieceNeedles, wordNeedles } from './harness/traces.ts';
import type { Torture } from './torture.ts';

const NAME = 'Ottilie Canaria';

/** The session's data key as it lies wrapped in the database. */
function wrappedKey(arena: Arena, session: string): Buffer {
  const db = new Database(join(arena.dataDirectory, 'corpus.db'), { readonly: true });
  try {
    const row = db.prepare('SELECT wrapped FROM keys WHERE stream = ?').get(session);
    return (row as { wrapped: Buffer }).wrapped;
  } finally {
    db.close();
  }
}

export const canary: Torture = {
  describes: 'phrases spoken, stored and erased leave no trace',
  count: 1,
  atMost: {
    files_before: 0,
    logs_before: 0,
    metrics_before: 0,
    files_after: 0,
    backup_after: 0,
    logs_after: 0,
    metrics_after: 0,
    readable_after: 0,
    unverified_after: 0,
    blind: 0,
  },
  async run({ seed, say }) {
    const arena = await createArena({ AUSCULT_STAND_IN: '0', AUSCULT_LOG_LEVEL: 'debug' });
    const temporary = join(arena.directory, 'tmp');
    mkdirSync(temporary);
    try {
      await arena.start({ TMPDIR: temporary });
      // One after the other in two sessions: what is erased must not take along what stays.
      const random = seededRandom(seed);
      const token = await arena.token();
      const record = async (words: readonly string[]) => {
        const sound = recordTones(words, { seed });
        const client = await consult(arena, sound, { token, random, kills: [], kill: async () => {} });
        client.close();
        return { session: client.state.session!, sound };
      };
      const words = differentWords(48, seed);
      const { session, sound } = await record(words.slice(0, 24));
      const kept = await record(words.slice(24));
      const headers = { authorization: `Bearer ${token}` };
      const address = `${arena.origin}/api/sessions/${session}`;
      await fetch(`${address}/speakers/unknown`, {
        method: 'PUT',
        headers,
        body: JSON.stringify({ name: NAME }),
      });
      const wav = Buffer.from(await (await fetch(`${address}/audio`, { headers })).arrayBuffer());
      const view = Buffer.from(await (await fetch(address, { headers })).arrayBuffer());

      const said: Needle[] = [
        ...wordNeedles(sound.words),
        { what: 'name', bytes: Buffer.from(NAME) },
        ...sound.slices.flatMap(({ data }) => pieceNeedles('slice', data)),
        ...pieceNeedles('samples', wav, 64),
      ];
      const metrics = async () => Buffer.from(await (await fetch(`${arena.origin}/metrics`)).arrayBuffer());
      const files = (needles: readonly Needle[], directory = arena.directory) => {
        let total = 0;
        for (const [path, count] of countBelow(directory, needles)) {
          if (count > 0) say(`${path}: ${count}`);
          total += count;
        }
        return total;
      };
      // What cannot find the phrases where they are would find them nowhere.
      const sees = countIn(view, said) >= sound.words.length && countIn(wav, said) >= 32;
      const key = wrappedKey(arena, session);
      const keyNeedle = [{ what: 'key', bytes: key }];
      const seesKey = files(keyNeedle) > 0;
      const before = {
        files_before: files(said),
        logs_before: countIn(Buffer.from(arena.output()), said),
        metrics_before: countIn(await metrics(), said),
      };

      const erased = await fetch(address, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${await arena.token(admin)}` },
        body: JSON.stringify({ reason: 'asked for' }),
      });
      const corpus = await arena.corpus();
      const backup = join(arena.directory, 'backup');
      await corpus.backup(backup);
      await corpus.close();
      const traces = [...said, ...keyNeedle];
      const after = {
        files_after: files(traces),
        backup_after: files(traces, backup),
        logs_after: countIn(Buffer.from(arena.output()), said),
        metrics_after: countIn(await metrics(), said),
      };
      let readable = 0;
      for (const path of ['', '/events', '/chunks', '/audio'])
        if ((await fetch(address + path, { headers })).status !== 404) readable += 1;
      const other = await arena.result(kept.session, token);
      await arena.kill();
      const verified = await arena.corpus();
      const { faults } = await verified.verify();
      await verified.close();
      return {
        phrases: said.length,
        blind: sees && seesKey && erased.status === 204 && other !== undefined ? 0 : 1,
        ...before,
        ...after,
        readable_after: readable,
        unverified_after: faults.length,
      };
    } finally {
      await arena.close();
    }
  },
};
