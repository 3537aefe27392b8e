/** Single bits of the stored corpus are turned over: verification must see each, and the other sessions stay readable. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { seededRandom } from '../../fixtures/engines/tone-vocabulary.ts';
import type { Corpus } from '../../server/corpus/corpus.ts';
import { consult } from './crash.ts';
import { createArena } from './harness/arena.ts';
import { differentWords, recordTones, sha256 } from './harness/sound.ts';
import type { Torture } from './torture.ts';

const SESSIONS = 3;
/** Long enough to be found in the file at one place only. */
const PIECE = 24;

/** Where in the file the stored values lie: pieces of events, blobs and keys, each at its only place. */
function placesOf(path: string, random: () => number): { at: number; stream: string }[] {
  const file = readFileSync(path);
  const db = new Database(path, { readonly: true });
  const rows = db
    .prepare(
      `SELECT stream, payload AS value FROM events UNION ALL SELECT stream, hash FROM events
       UNION ALL SELECT stream, bytes FROM blobs UNION ALL SELECT stream, wrapped FROM keys`,
    )
    .all() as { stream: string; value: Buffer }[];
  db.close();
  return rows.flatMap(({ stream, value }) => {
    if (value.length < PIECE) return [];
    const from = Math.floor(random() * (value.length - PIECE));
    const at = file.indexOf(value.subarray(from, from + PIECE));
    return at < 0 ? [] : [{ at: at + Math.floor(random() * PIECE), stream }];
  });
}

/** Everything that a reader can get of a session, as one hash; undefined where it is refused. */
async function readingOf(corpus: Corpus, session: string): Promise<string | undefined> {
  const parts: string[] = [];
  try {
    for await (const event of corpus.events(session)) {
      parts.push(JSON.stringify(event));
      if (event.blob !== undefined) parts.push(sha256(await corpus.blob(session, event.blob)));
    }
    parts.push(JSON.stringify(await corpus.summary(session)));
  } catch {
    return undefined;
  }
  return sha256(Buffer.from(parts.join('\n')));
}

export const bits: Torture = {
  describes: 'single bits turned over in the database and its blobs',
  count: 100,
  atMost: { undetected: 0, others_unreadable: 0, read_wrongly: 0 },
  async run({ seed, count, say }) {
    const random = seededRandom(seed);
    const arena = await createArena({ AUSCULT_STAND_IN: '0' });
    try {
      await arena.start();
      const token = await arena.token();
      for (let session = 0; session < SESSIONS; session += 1) {
        const sound = recordTones(differentWords(16, seed + session), { seed });
        (await consult(arena, sound, { token, random, kills: [], kill: async () => {} })).close();
      }
      await arena.server.stop();
      const original = join(arena.dataDirectory, 'corpus.db');
      const whole = await arena.corpus();
      const sessions = (await whole.sessions()).map(({ session }) => session);
      const readings = new Map<string, string | undefined>();
      for (const session of sessions) readings.set(session, await readingOf(whole, session));
      await whole.close();

      const places = placesOf(original, random);
      const bytes = readFileSync(original);
      const report = { flips: 0, in_values: 0, detected: 0, harmless: 0, undetected: 0 };
      const readers = { read_wrongly: 0, others_unreadable: 0, refused_as_a_whole: 0 };
      for (let flip = 0; flip < count; flip += 1) {
        // Every other one anywhere in the file, where it may also meet what holds nothing.
        const value = flip % 2 === 0 ? places[Math.floor(random() * places.length)] : undefined;
        const at = value?.at ?? Math.floor(random() * bytes.length);
        const copy = join(arena.directory, 'flipped');
        mkdirSync(copy);
        const flipped = Buffer.from(bytes);
        flipped[at]! ^= 1 << Math.floor(random() * 8);
        writeFileSync(join(copy, 'corpus.db'), flipped);
        copyFileSync(join(arena.dataDirectory, 'master.key'), join(copy, 'master.key'));
        report.flips += 1;
        if (value !== undefined) report.in_values += 1;
        const seen = await look(() => arena.corpus(copy), sessions, readings);
        rmSync(copy, { recursive: true });
        if (seen === 'refused') {
          report.detected += 1;
          readers.refused_as_a_whole += 1;
          if (value !== undefined) readers.others_unreadable += 1;
          continue;
        }
        const { faulty, wrong, unreadable } = seen;
        readers.read_wrongly += wrong.length;
        if (faulty.length > 0) report.detected += 1;
        else if (unreadable.length === 0 && value === undefined) report.harmless += 1;
        else {
          report.undetected += 1;
          say(`byte ${at} was turned over and not seen`);
        }
        if (value !== undefined)
          readers.others_unreadable += unreadable.filter((session) => session !== value.stream).length;
      }
      return { ...report, ...readers };
    } finally {
      await arena.close();
    }
  },
};

/** What a verification and a reader of every session make of a copy; `refused` where it cannot even be opened. */
async function look(
  open: () => Promise<Corpus>,
  sessions: readonly string[],
  readings: ReadonlyMap<string, string | undefined>,
) {
  let corpus: Corpus;
  try {
    corpus = await open();
  } catch {
    return 'refused';
  }
  try {
    const { faults } = await corpus.verify();
    const wrong: string[] = [];
    const unreadable: string[] = [];
    for (const session of sessions) {
      const reading = await readingOf(corpus, session);
      if (reading === undefined) unreadable.push(session);
      else if (reading !== readings.get(session) && !faults.some((fault) => fault.session === session))
        wrong.push(session);
    }
    return { faulty: faults, wrong, unreadable };
  } finally {
    await corpus.close();
  }
}
