/**
 * The terms that each clinic wants the engine to expect. A list is a stream of the corpus of its own, so it has its own
 * data key: it may hold patients' names, and what is taken off it is gone for good once that key is destroyed.
 */
import { type Corpus, VOCABULARY_PREFIX } from './corpus/corpus.ts';
import type { Principal } from './gateway/peer.ts';
import type { Vocabulary } from './gateway/vocabulary.ts';

export interface VocabularyOptions {
  corpus: Corpus;
  /** Terms of every clinic on this server. */
  setting: readonly string[];
  newId(): string;
  /** Of what kind the trouble is, never what was stored. */
  onFault(error: unknown): void;
}

export interface VocabularyStore extends Vocabulary {
  /** What the engine is told in sessions of this tenant: the setting's terms, then the clinic's own, each once. */
  of(tenant: string): readonly string[];
}

/** Reads what stands; a list that cannot be read is told, and its clinic has the setting's terms alone. */
export async function createVocabulary(options: VocabularyOptions): Promise<VocabularyStore> {
  const { corpus, setting, newId, onFault } = options;
  /** Of each tenant, so that a session need not wait for them. */
  const standing = new Map<string, readonly string[]>();

  const streams = async (tenant?: string) =>
    corpus.sessions({ kind: 'vocabulary', state: 'open', ...(tenant === undefined ? {} : { tenant }) });

  /** The newest list; one whose writing was cut short holds nothing and is none. */
  const read = async (tenant: string): Promise<string[]> => {
    for (const { session: stream } of await streams(tenant)) {
      const changed = await corpus.latest(stream, 'vocabulary.changed');
      if (changed !== undefined) return changed.data.terms;
    }
    return [];
  };

  for (const tenant of new Set((await streams()).map((stream) => stream.tenant))) {
    try {
      standing.set(tenant, await read(tenant));
    } catch (error) {
      onFault(error);
    }
  }

  // One after another, or two at once would each leave the other's list standing.
  let replacing: Promise<unknown> = Promise.resolve();
  const replace = async ({ subject: owner, tenant }: Principal, terms: string[]): Promise<string[]> => {
    const before = await streams(tenant);
    const stream = `${VOCABULARY_PREFIX}${newId()}`;
    await corpus.open(stream, { language: 'auto', owner, tenant });
    await corpus.append(stream, [{ type: 'vocabulary.changed', data: { by: owner, terms } }]);
    standing.set(tenant, terms);
    // Only once the new one is safe: cut short in between, the newest stands.
    for (const { session: old } of before) await corpus.erase(old, owner, 'replaced');
    return terms;
  };

  return {
    list: read,

    replace(by, given) {
      const replaced = replacing.then(() => replace(by, once(given)));
      replacing = replaced.catch(() => {});
      return replaced;
    },

    of: (tenant) => once([...setting, ...(standing.get(tenant) ?? [])]),
  };
}

/** One term may be written with composed letters and with combining ones. */
const once = (terms: readonly string[]): string[] => [...new Set(terms.map((term) => term.normalize('NFC')))];
