/** The terms a clinic wants the engine to expect, as the gateway offers them; it has authorised before it calls. */
import type { Principal } from './peer.ts';

export interface Vocabulary {
  /** In the order in which they were given. */
  list(tenant: string): Promise<string[]>;
  /**
   * Takes the place of the clinic's list before, which is erased; answers what stands now, each term once.
   * @throws CodedError STORAGE_UNAVAILABLE
   */
  replace(by: Principal, terms: readonly string[]): Promise<string[]>;
}
