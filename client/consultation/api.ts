/** What the page asks for over HTTP. Every answer is validated. */
import { z } from 'zod';
import { FinalResult } from '../../shared/events.ts';
import { SessionPhase } from '../../shared/protocol.ts';
import type { PastSession } from './model.ts';
import { request, requestOrThrow } from './request.ts';

const Sessions = z.object({ sessions: z.array(z.unknown()) });
const View = z.object({ result: FinalResult.optional() });
const Row = z.object({ session: z.string(), openedAt: z.string(), phase: SessionPhase });

/** The person's own consultations, newest first; empty where the server does not list them. */
export async function listSessions(token: string): Promise<PastSession[]> {
  try {
    const { sessions } = Sessions.parse(await (await requestOrThrow('/api/sessions', { token })).json());
    return sessions.flatMap((row) => {
      const parsed = Row.safeParse(row);
      return parsed.success ? [parsed.data] : [];
    });
  } catch {
    return [];
  }
}

export async function readResult(session: string, token: string): Promise<FinalResult | undefined> {
  try {
    return View.parse(await (await requestOrThrow(`/api/sessions/${session}`, { token })).json()).result;
  } catch {
    return undefined;
  }
}

export async function readAudio(session: string, token: string): Promise<Blob> {
  return (await requestOrThrow(`/api/sessions/${session}/audio`, { token })).blob();
}

/** `numSpeakers`: tell so many speakers apart, instead of as many as seem to be there. */
export async function requestFinish(session: string, token: string, numSpeakers?: number): Promise<boolean> {
  const path = `/api/sessions/${session}/finalize`;
  return (await request(path, { method: 'POST', token, body: { numSpeakers } })).ok;
}

const addressOf = (session: string, speaker: string) =>
  `/api/sessions/${session}/speakers/${encodeURIComponent(speaker)}`;

/** A correction; it comes back as an event of the session. */
export async function labelSpeaker(
  session: string,
  speaker: string,
  label: { name?: string; role?: string },
  token: string,
): Promise<boolean> {
  return (await request(addressOf(session, speaker), { method: 'PUT', token, body: label })).ok;
}

/** Takes the newest correction of this speaker back. */
export async function undoLabel(session: string, speaker: string, token: string): Promise<boolean> {
  return (await request(`${addressOf(session, speaker)}/undo`, { method: 'POST', token })).ok;
}
