/** Who may do what. Nothing else in the gateway decides that. */
import type { ClientMessage } from '../../shared/protocol.ts';
import type { Principal } from './peer.ts';

export interface Ownership {
  tenant: string;
  /** The subject who opened the session. */
  owner: string;
}

/** `read`: words and audio. `record`: whatever adds to a session, finishing and corrections included. */
export type SessionAction = 'read' | 'record' | 'erase';

/**
 * @returns `SESSION_UNKNOWN` for what must not even be seen to exist: another tenant's sessions.
 */
export function authorise(
  principal: Principal,
  action: SessionAction,
  session: Ownership | undefined,
): 'allowed' | 'FORBIDDEN' | 'SESSION_UNKNOWN' {
  if (session === undefined || session.tenant !== principal.tenant) return 'SESSION_UNKNOWN';
  const has = (role: Principal['roles'][number]) => principal.roles.includes(role);
  const own = has('clinician') && session.owner === principal.subject;
  const allowed = {
    read: own || has('reviewer'),
    record: own,
    erase: has('admin'),
  }[action];
  return allowed ? 'allowed' : 'FORBIDDEN';
}

export const mayOpen = (principal: Principal): boolean => principal.roles.includes('clinician');

/** Metrics, and revoking the tokens of other people of the tenant. */
export const mayAdminister = (principal: Principal): boolean => principal.roles.includes('admin');

/** Whose sessions a list shows: all of the tenant's to reviewers and admins, their own to clinicians. */
export function listed(principal: Principal): { tenant: string; owner?: string } {
  const all = principal.roles.includes('reviewer') || principal.roles.includes('admin');
  return all ? { tenant: principal.tenant } : { tenant: principal.tenant, owner: principal.subject };
}

export type VoiceAction = 'list' | 'enrol' | 'forget';

/** A voice belongs to the clinician who gave it. Admins may see that there is one, and erase it, for instance of one who has left. */
export function authoriseVoices(principal: Principal, action: VoiceAction, owner: string): boolean {
  const has = (role: Principal['roles'][number]) => principal.roles.includes(role);
  const own = has('clinician') && owner === principal.subject;
  return action === 'enrol' ? own : own || has('admin');
}

/** Whose voices a list shows. */
export function listedVoices({ tenant, subject, roles }: Principal): { tenant: string; owner?: string } {
  return roles.includes('admin') ? { tenant } : { tenant, owner: subject };
}

export type VocabularyAction = 'read' | 'change';

/**
 * The list is the clinic's, nobody's own as a voice is: clinicians see which words are misheard, admins keep such lists.
 * Reviewers, who change nothing anywhere, see by it what the engine was told.
 */
export function authoriseVocabulary({ roles }: Principal, action: VocabularyAction): boolean {
  const may: readonly Principal['roles'][number][] =
    action === 'read' ? ['clinician', 'reviewer', 'admin'] : ['clinician', 'admin'];
  return roles.some((role) => may.includes(role));
}

type SessionMessage = Exclude<ClientMessage['type'], 'hello' | 'renew' | 'ping'>;

/** Every message to a session changes it; whoever only reads may watch and renew. */
export const actionOf: Record<SessionMessage, SessionAction> = {
  slice: 'record',
  pause: 'record',
  resume: 'record',
  consent: 'record',
  finalize: 'record',
};
