/** What the page asks for over HTTP. Every answer is validated; the token travels in a header. */
import { z } from 'zod';
import { FinalResult } from '../../shared/events.ts';
import { SessionPhase } from '../../shared/protocol.ts';
import type { PastSession } from './model.ts';

const Sessions = z.object({ sessions: z.array(z.unknown()) });
const View = z.object({ result: FinalResult.optional() });
const Row = z.object({ session: z.string(), openedAt: z.string(), phase: SessionPhase });

/** @throws Error with the status where it is not a good one */
export async function authorised(path: string, token: string, method = 'GET'): Promise<Response> {
  const response = await fetch(path, { method, headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${response.status}`);
  return response;
}

/** The person's own consultations, newest first; empty where the server does not list them. */
export async function listSessions(token: string): Promise<PastSession[]> {
  try {
    const { sessions } = Sessions.parse(await (await authorised('/api/sessions', token)).json());
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
    return View.parse(await (await authorised(`/api/sessions/${session}`, token)).json()).result;
  } catch {
    return undefined;
  }
}

export async function readAudio(session: string, token: string): Promise<Blob> {
  return (await authorised(`/api/sessions/${session}/audio`, token)).blob();
}

/** `numSpeakers`: tell so many speakers apart, instead of as many as seem to be there. */
export async function requestFinish(session: string, token: string, numSpeakers?: number): Promise<boolean> {
  const response = await fetch(`/api/sessions/${session}/finalize`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ numSpeakers }),
  });
  return response.ok;
}

/** A correction; it comes back as an event of the session. */
export async function labelSpeaker(
  session: string,
  speaker: string,
  label: { name?: string; role?: string },
  token: string,
): Promise<boolean> {
  const response = await fetch(`/api/sessions/${session}/speakers/${encodeURIComponent(speaker)}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(label),
  });
  return response.ok;
}

/** Takes the newest correction of this speaker back. */
export async function undoLabel(session: string, speaker: string, token: string): Promise<boolean> {
  const response = await fetch(`/api/sessions/${session}/speakers/${encodeURIComponent(speaker)}/undo`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  return response.ok;
}
