/** Retention by age: which sessions have lain long enough, and the daily sweep that erases them (rule C2). */
import type { Clock } from '../clock.ts';
import type { Corpus, SessionSummary } from './corpus.ts';

const DAY_MS = 86_400_000;

/**
 * Finished sessions opened `days` or longer before `now` (milliseconds since 1970), oldest first. What is still owed
 * its transcript is never among them, nor what does not verify. `days` 0: none, they are kept for ever.
 */
export function overdueSessions(
  sessions: readonly SessionSummary[],
  { days, now }: { days: number; now: number },
): SessionSummary[] {
  if (days === 0) return [];
  return sessions
    .filter(({ state, openedAt }) => state === 'finished' && now - Date.parse(openedAt) >= days * DAY_MS)
    .sort((a, b) => Date.parse(a.openedAt) - Date.parse(b.openedAt));
}

export interface RetentionOptions {
  corpus: Pick<Corpus, 'sessions' | 'summary'>;
  /** 0: keep for ever. */
  days: number;
  clock: Clock;
  /** Erases one session, wherever it is in use. */
  erase(session: string, by: string, reason: string): Promise<void>;
  onFault(error: unknown, session?: string): void;
}

/** Sweeps now and once a day from then on; the function returned ends that. */
export function startRetention(options: RetentionOptions): () => void {
  const { corpus, days, clock, erase, onFault } = options;
  let stopped = days === 0;
  let cancel = () => {};

  const sweep = async () => {
    const reason = `kept for ${days} days`;
    for (const { session } of overdueSessions(await corpus.sessions({ state: 'finished' }), {
      days,
      now: clock.now(),
    })) {
      if (stopped) return;
      try {
        // The list may be old by now: somebody may have asked for another transcript.
        const summary = await corpus.summary(session);
        if (summary?.state === 'finished') await erase(session, 'system', reason);
      } catch (error) {
        onFault(error, session);
      }
    }
  };

  const sweepDaily = () => {
    if (stopped) return;
    cancel = clock.after(DAY_MS, sweepDaily);
    sweep().catch((error) => onFault(error));
  };
  sweepDaily();

  return () => {
    stopped = true;
    cancel();
  };
}
