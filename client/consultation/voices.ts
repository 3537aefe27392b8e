/** The voices by which the server names speakers in this person's consultations. */
import { z } from 'zod';
import { request, requestOrThrow } from './request.ts';

const Voice = z.object({
  name: z.string(),
  /** Whose consultations it is for. */
  owner: z.string(),
  createdAt: z.string(),
  /** False: made by another model than the one that runs now. */
  usable: z.boolean(),
});
export type KnownVoice = z.infer<typeof Voice>;

const Voices = z.object({ voices: z.array(Voice) });
const Refusal = z.object({ error: z.object({ code: z.string() }) });

const addressOf = (name: string) => `/api/voices/${encodeURIComponent(name)}`;

/** Newest first; undefined where the server does not offer them to this person. */
export async function listVoices(token: string): Promise<KnownVoice[] | undefined> {
  try {
    return Voices.parse(await (await requestOrThrow('/api/voices', { token })).json()).voices;
  } catch {
    return undefined;
  }
}

/** The code of the refusal, or undefined when the voice is kept. @throws TypeError where nothing answers */
export async function enrolVoice(name: string, sample: Blob, token: string): Promise<string | undefined> {
  const response = await request(addressOf(name), { method: 'PUT', token, body: sample });
  if (response.ok) return undefined;
  const refusal = Refusal.safeParse(await response.json().catch(() => undefined));
  return refusal.success ? refusal.data.error.code : String(response.status);
}

/** @throws Error where it is not gone */
export async function forgetVoice({ name, owner }: KnownVoice, token: string): Promise<void> {
  const path = `${addressOf(name)}?owner=${encodeURIComponent(owner)}`;
  await requestOrThrow(path, { method: 'DELETE', token });
}
