/** Reading on from event N: what is stored first, then what is appended, each event once and in order. */
import type { CorpusEvent } from '../../shared/events.ts';
import type { Corpus } from '../corpus/corpus.ts';

export interface Following {
  stop(): void;
  /** Resolves when everything that stood in the corpus at the start was handed over. */
  readonly caughtUp: Promise<void>;
}

export function follow(
  corpus: Corpus,
  session: string,
  after: number,
  onEvent: (event: CorpusEvent) => void,
): Following {
  let last = after;
  let stopped = false;
  // Events that are appended while the stored ones are read; undefined once the reader has caught up.
  let meanwhile: CorpusEvent[] | undefined = [];

  const hand = (event: CorpusEvent) => {
    if (stopped || event.n <= last) return;
    last = event.n;
    onEvent(event);
  };
  const unsubscribe = corpus.subscribe(session, (event) => {
    if (meanwhile === undefined) hand(event);
    else meanwhile.push(event);
  });

  const readStored = async () => {
    for await (const event of corpus.events(session, after)) {
      if (stopped) return;
      hand(event);
    }
    const waiting = meanwhile ?? [];
    meanwhile = undefined;
    for (const event of waiting) hand(event);
  };

  return {
    stop() {
      stopped = true;
      unsubscribe();
    },
    caughtUp: readStored(),
  };
}
