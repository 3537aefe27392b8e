/**
 * What the server offers over HTTP, done on the corpus and the sessions at work. Who may is settled before it gets
 * here; that somebody did is an event here (rule C3).
 */
import { CodedError, type ErrorCode, errorKinds } from '../shared/errors.ts';
import type { CorpusEvent, FinalResult } from '../shared/events.ts';
import type { SessionPhase } from '../shared/protocol.ts';
import { chunkRows } from './corpus/chunk-rows.ts';
import { type Corpus, type SessionSummary as StoredSummary, SYSTEM_STREAM } from './corpus/corpus.ts';
import { labelled, standingLabels } from './finalize/labels.ts';
import { decodeResult } from './finalize/result-codec.ts';
import type { Api, AudioFile, SessionSummary } from './gateway/api.ts';
import type { Logger } from './ops/log.ts';
import type { Sessions } from './session/sessions.ts';

export interface ApiOptions {
  corpus: Corpus;
  sessions: Sessions;
  log: Logger;
  newId(): string;
  /** The session's WAV as it stands. @throws CodedError SESSION_EMPTY */
  openAudio(session: string): Promise<AudioFile>;
  /** Wherever the session is in use. */
  erase(session: string, by: string, reason: string): Promise<void>;
}

const phases: Record<StoredSummary['state'], SessionPhase> = {
  open: 'recording',
  finishing: 'finishing',
  finished: 'finished',
  failed: 'failed',
  corrupt: 'failed',
  erased: 'finished',
};

export function createApi({ corpus, sessions, log, newId, openAudio, erase }: ApiOptions): Api {
  const known = async (session: string): Promise<StoredSummary> => {
    const summary = await corpus.summary(session);
    if (summary === undefined || summary.state === 'erased') throw new CodedError('SESSION_UNKNOWN');
    return summary;
  };

  const collect = async (
    session: string,
    after = 0,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<CorpusEvent[]> => {
    const events: CorpusEvent[] = [];
    for await (const event of corpus.events(session, after)) {
      events.push(event);
      if (events.length >= limit) break;
    }
    return events;
  };

  const summarise = async (summary: StoredSummary): Promise<SessionSummary> => {
    const { session, tenant, owner, openedAt, slices, state } = summary;
    const erased = state === 'erased';
    const readable = !erased && state !== 'corrupt';
    const last = readable ? await corpus.latest(session, 'slice.decoded') : undefined;
    return {
      session,
      tenant,
      owner,
      openedAt,
      slices,
      erased,
      phase: phases[state],
      duration: last?.data.end ?? 0,
    };
  };

  /** The newest result, before anybody's corrections. */
  const resultOf = async (session: string): Promise<FinalResult | undefined> => {
    const completed = await corpus.latest(session, 'finish.completed');
    return completed?.blob === undefined
      ? undefined
      : decodeResult(await corpus.blob(session, completed.blob));
  };

  return {
    async ownership(session) {
      const summary = await corpus.summary(session);
      return summary && { tenant: summary.tenant, owner: summary.owner };
    },

    async list({ tenant, owner, before, limit }) {
      const all = await corpus.sessions(owner === undefined ? { tenant } : { tenant, owner });
      const wanted = all.filter(({ openedAt }) => before === undefined || openedAt < before).slice(0, limit);
      return Promise.all(wanted.map(summarise));
    },

    async view(by, session) {
      const stored = await known(session);
      const view = await summarise(stored);
      if (stored.state === 'finishing') {
        const progress = await sessions.progressOf(session);
        return progress === undefined ? view : { ...view, progress };
      }
      const result = stored.state === 'corrupt' ? undefined : await resultOf(session);
      if (result !== undefined) {
        await corpus.append(session, [{ type: 'session.read', data: { by: by.subject, what: 'result' } }]);
      }
      const shown = result && labelled(result, standingLabels(await collect(session)));
      const code =
        stored.state === 'corrupt' ? 'CORRUPT' : stored.state === 'failed' ? 'FINALIZE_FAILED' : undefined;
      return {
        ...view,
        ...(shown === undefined ? {} : { result: shown }),
        ...(code === undefined ? {} : { failure: { code, message: errorKinds[code].message } }),
      };
    },

    async events(by, session, after, limit) {
      await known(session);
      const events = await collect(session, after, limit);
      await corpus.append(session, [{ type: 'session.read', data: { by: by.subject, what: 'events' } }]);
      return events;
    },

    async chunks(by, session) {
      await known(session);
      const [events, result] = await Promise.all([collect(session), resultOf(session)]);
      await corpus.append(session, [{ type: 'session.read', data: { by: by.subject, what: 'chunks' } }]);
      return chunkRows(events, result);
    },

    async audio(by, session) {
      await known(session);
      const audio = await openAudio(session);
      await corpus.append(session, [{ type: 'session.exported', data: { by: by.subject, what: 'audio' } }]);
      return audio;
    },

    async finalize(by, session, { numSpeakers }) {
      await known(session);
      const order = { request: newId(), by: by.subject };
      return {
        request: await sessions.finalize(
          session,
          numSpeakers === undefined ? order : { ...order, numSpeakers },
        ),
      };
    },

    async label(by, session, speaker, { name, role }) {
      await known(session);
      const result = await resultOf(session);
      if (!result?.speakers.some(({ id }) => id === speaker)) throw new CodedError('NOT_FOUND');
      const label = { ...(name === undefined ? {} : { name }), ...(role === undefined ? {} : { role }) };
      await corpus.append(session, [
        { type: 'speaker.labelled', data: { by: by.subject, speaker, ...label } },
      ]);
    },

    async undoLabel(by, session, speaker) {
      await known(session);
      const undone = standingLabels(await collect(session)).findLast(({ data }) => data.speaker === speaker);
      if (undone === undefined) throw new CodedError('NOT_FOUND');
      await corpus.append(session, [
        { type: 'speaker.labelled', data: { by: by.subject, speaker, undoes: undone.n } },
      ]);
    },

    async erase(by, session, reason) {
      await known(session);
      await erase(session, by.subject, reason);
    },

    denied(by, session, what, code: ErrorCode) {
      void recordDenial(session, { by: by.subject, what, code });
    },
  };

  async function recordDenial(
    session: string,
    data: { by: string; what: string; code: string },
  ): Promise<void> {
    try {
      const exists = (await corpus.summary(session)) !== undefined;
      await corpus.append(exists ? session : SYSTEM_STREAM, [{ type: 'access.denied', data }]);
    } catch (error) {
      log.error({ err: error }, 'a denied access could not be recorded');
    }
  }
}
