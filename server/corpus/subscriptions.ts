/** Who follows which session. A listener that throws does not keep the others from hearing. */
import type { CorpusEvent } from '../../shared/events.ts';

export type Listener = (event: CorpusEvent) => void;

export interface Subscriptions {
  subscribe(session: string, listener: Listener): () => void;
  publish(events: readonly CorpusEvent[]): void;
}

export function createSubscriptions(onListenerError: (error: unknown) => void): Subscriptions {
  const bySession = new Map<string, Set<Listener>>();

  return {
    subscribe(session, listener) {
      const listeners = bySession.get(session) ?? new Set();
      bySession.set(session, listeners);
      // A wrapper of its own, so that one function may be subscribed twice and each way out takes one of them.
      const own: Listener = (event) => listener(event);
      listeners.add(own);
      return () => {
        listeners.delete(own);
        if (listeners.size === 0 && bySession.get(session) === listeners) bySession.delete(session);
      };
    },
    publish(events) {
      for (const event of events) {
        for (const listener of bySession.get(event.session) ?? []) {
          try {
            listener(event);
          } catch (error) {
            onListenerError(error);
          }
        }
      }
    },
  };
}
