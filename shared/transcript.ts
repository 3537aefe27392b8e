/**
 * The vocabulary of a transcript, as the server writes it and the page shows it.
 * All times are seconds on the session's timeline: 0 is the first sample recorded.
 */
import { z } from 'zod';

export const Word = z.object({
  /** As it is to be shown, without surrounding white space; punctuation belongs to its word. */
  text: z.string(),
  start: z.number().nonnegative(),
  end: z.number().nonnegative(),
  /** 0 to 1, the engine's own estimate. */
  probability: z.number().min(0).max(1),
});
export type Word = z.infer<typeof Word>;

/** An interval that one speaker holds. Turns of different speakers may overlap. */
export const Turn = z.object({ speaker: z.string(), start: z.number(), end: z.number() });
export type Turn = z.infer<typeof Turn>;

/** The label of words for which no speaker could be told. */
export const UNKNOWN_SPEAKER = 'unknown';

export const Role = z.enum(['clinician', 'patient', 'companion', 'unknown']);
export type Role = z.infer<typeof Role>;

export const Speaker = z.object({
  /** `SPEAKER_00`, `SPEAKER_01`, … in order of first appearance, or `unknown`. */
  id: z.string(),
  name: z.string().optional(),
  role: Role,
});
export type Speaker = z.infer<typeof Speaker>;

/** Consecutive words of one speaker. */
export const Segment = z.object({
  speaker: z.string(),
  start: z.number(),
  end: z.number(),
  words: z.array(Word),
  /** True where another speaker's turn covers part of this segment. */
  overlap: z.boolean(),
});
export type Segment = z.infer<typeof Segment>;

export function textOf(words: readonly Word[]): string {
  return words.map((word) => word.text).join(' ');
}
