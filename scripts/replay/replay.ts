/**
 * `npm run replay -- <session|--list|--latest> [--speed N|--max] [--json] [--rows] [--verify] [--send URL]`: reads a
 * session of the corpus back, also while the server runs. That somebody read it becomes an event of the session.
 */
import { InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../server/clock.ts';
import type { Config } from '../../server/config.ts';
import type { Corpus, SessionSummary } from '../../server/corpus/corpus.ts';
import { mintToken } from '../../server/local-tokens.ts';
import { summaryOf, withCorpus } from '../tools/corpus.ts';
import { noteAccess } from '../tools/note-access.ts';
import { createCommand, type Output, type Task, type Tool } from '../tools/run-tool.ts';
import { sessionTable, summarizeResult } from './describe.ts';
import type { Rhythm } from './rhythm.ts';
import { sendSession } from './send.ts';
import { showEvents, showRows } from './show.ts';
import { verifySession } from './verify-session.ts';

interface Options {
  list?: true;
  latest?: true;
  speed: number;
  max?: true;
  json?: true;
  rows?: true;
  verify?: true;
  send?: string;
  token?: string;
}

/** A consultation sent in its rhythm must not outlive its token. */
const SENDING_SECONDS = 12 * 3600;

export const replay: Tool = async (task) => {
  const { config, say } = task;
  const program = commandOf(task);
  program.parse(task.args, { from: 'user' });
  const options = program.opts<Options>();
  return withCorpus(config, 'read', async (corpus) => {
    if (options.list) return list(corpus, options, task);
    const summary = await choose(corpus, program.args[0], options);
    if (options.verify) return verify(corpus, summary, options, task);
    if (summary.state === 'erased') {
      throw new Error(
        `${summary.session} is erased; npm run audit -- --session ${summary.session} shows by whom.`,
      );
    }
    if (options.send !== undefined) return send(corpus, summary, { ...options, send: options.send }, task);
    await noteAccess(config, summary, { type: 'session.read', what: options.rows ? 'chunks' : 'events' });
    const shown = { corpus, session: summary.session, json: options.json ?? false, say };
    if (options.rows) await showRows(shown);
    else await showEvents({ ...shown, rhythm: rhythmOf(options) });
    return true;
  });
};

function commandOf(output: Output) {
  const verifies = 'check chain, blobs and audio hashes; exit code 1 at the first bad one';
  return createCommand(
    'replay',
    'Reads a session back: its events in their rhythm, its rows, its audio. The read is recorded.',
    output,
  )
    .argument('[session]', 'which one')
    .addOption(
      new Option('--list', 'list all sessions, newest first').conflicts(['latest', 'verify', 'send', 'rows']),
    )
    .option('--latest', 'the newest session')
    .option('--speed <factor>', 'so many times as fast as it happened', parseSpeed, 1)
    .option('--max', 'at once')
    .option('--json', 'one JSON object a line')
    .addOption(new Option('--rows', 'one row for each slice').conflicts(['verify', 'send']))
    .addOption(new Option('--verify', verifies).conflicts('send'))
    .option('--send <url>', 'record the audio into a server, as a page would, and finish it there')
    .option('--token <jwt>', 'for --send; on this machine by default one signed with its own secret');
}

async function list(corpus: Corpus, { json }: Options, { say }: Output): Promise<boolean> {
  const sessions = await corpus.sessions();
  const lines = json ? sessions.map((session) => JSON.stringify(session)) : sessionTable(sessions);
  for (const line of lines) say(line);
  return true;
}

async function choose(
  corpus: Corpus,
  named: string | undefined,
  { latest }: Options,
): Promise<SessionSummary> {
  if ((named === undefined) === (latest === undefined)) {
    throw new Error('Name one session, or give --latest or --list.');
  }
  if (named !== undefined) return summaryOf(corpus, named);
  const newest = (await corpus.sessions()).find(({ state }) => state !== 'erased');
  if (newest === undefined) throw new Error('There is no session yet.');
  return newest;
}

async function verify(
  corpus: Corpus,
  { session }: SessionSummary,
  { json }: Options,
  { say }: Output,
): Promise<boolean> {
  const report = await verifySession(corpus, session);
  const { events, blobs, slices, fault } = report;
  if (json) say(JSON.stringify(report));
  else if (fault !== undefined) say(`✗ ${session}, event ${fault.n}: ${fault.what}`);
  else say(`✓ ${session}: ${events} events, ${blobs} blobs, the audio of ${slices} slices`);
  return fault === undefined;
}

async function send(
  corpus: Corpus,
  summary: SessionSummary,
  options: Options & { send: string },
  { config, say, note }: Task,
): Promise<boolean> {
  const { send: server, json } = options;
  const { session } = summary;
  const token = options.token ?? (await tokenFor(config, summary, server));
  await noteAccess(config, summary, { type: 'session.exported', what: 'audio' });
  const sent = await sendSession({
    ...{ corpus, session, server, token, rhythm: rhythmOf(options), onProgress: note },
  });
  if (sent.result === undefined) throw new Error('The server finished the session without a result.');
  const answer = { slices: sent.slices, ...summarizeResult(sent.result) };
  if (json) say(JSON.stringify(answer));
  else for (const [name, value] of Object.entries(answer)) say(`${name.padEnd(12)}${tell(value)}`);
  return true;
}

/** The copy belongs to whom the original belongs to: nobody else may read it either. */
async function tokenFor(config: Config, { owner, tenant }: SessionSummary, server: string): Promise<string> {
  if (!/^(https?|wss?):\/\//.test(server) || !URL.canParse(server)) {
    throw new Error(`${server} is no address such as http://localhost:8080.`);
  }
  // A token of this machine opens its sessions, so no other machine is shown one.
  if (!/^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(server).hostname)) {
    throw new Error(`${server} is another machine: give --token with a token that it takes.`);
  }
  return mintToken(config, { subject: owner, tenant, roles: ['clinician'] }, SENDING_SECONDS);
}

const tell = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

function rhythmOf({ max, speed }: Options): Rhythm {
  return { speed: max ? Number.POSITIVE_INFINITY : speed, clock: systemClock };
}

function parseSpeed(text: string): number {
  const speed = Number(text);
  if (!(speed > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return speed;
}
