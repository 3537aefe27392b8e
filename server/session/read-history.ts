import { CodedError } from '../../shared/errors.ts';
import type { Corpus } from '../corpus/corpus.ts';
import { beginHistory, extendHistory, type SessionHistory } from './history.ts';

/** @throws CodedError SESSION_UNKNOWN, also of an erased session; CORRUPT */
export async function readHistory(corpus: Corpus, session: string): Promise<SessionHistory> {
  let history: SessionHistory | undefined;
  for await (const event of corpus.events(session)) {
    if (event.type === 'session.erased') throw new CodedError('SESSION_UNKNOWN');
    if (history !== undefined) extendHistory(history, event);
    else if (event.type === 'session.opened') history = beginHistory(event);
    // The first event cannot be read any more: the session is erased.
    else throw new CodedError('SESSION_UNKNOWN');
  }
  if (history === undefined) throw new CodedError('SESSION_UNKNOWN');
  return history;
}
