/**
 * The events of the corpus: what is written is what is published, so both ends share these shapes.
 * An event that carries bytes (audio, a large result) points to a blob that is stored with it.
 */
import { z } from 'zod';
import { Role, Segment, Speaker, Turn, Word } from './transcript.ts';

const seconds = z.number().nonnegative();
const stretch = { start: seconds, end: seconds };
/** Who did it: the subject of the token, or `system`. */
const by = z.string();

/** What names an engine in results and on the page. `standIn` says why it is unfit for clinical use. */
export const EngineDescription = z.object({
  name: z.string(),
  model: z.string(),
  standIn: z.string().optional(),
});
export type EngineDescription = z.infer<typeof EngineDescription>;

export const DiarizationMethod = z.enum(['community-1', 'agglomerative', 'stand-in', 'none']);
export type DiarizationMethod = z.infer<typeof DiarizationMethod>;

/** Seconds of audio at each step of the way; shown, so that a gap anywhere is visible. */
export const Coverage = z.object({
  received: seconds,
  stored: seconds,
  decoded: seconds,
  transcribed: seconds,
  labelled: seconds,
});
export type Coverage = z.infer<typeof Coverage>;

/** The blob of `finish.completed`, and the answer of `GET /api/sessions/:id`. */
export const FinalResult = z.object({
  session: z.string(),
  request: z.string(),
  duration: seconds,
  language: z.string(),
  segments: z.array(Segment),
  speakers: z.array(Speaker),
  turns: z.array(Turn),
  /** Of `turns`, what never overlaps: whose a word is. Absent in results of before it was kept. */
  exclusiveTurns: z.array(Turn).optional(),
  /** One label per slice: who speaks most of it. */
  sliceSpeakers: z.array(z.string()),
  transcription: z.object({ engine: EngineDescription.nullable(), pass: z.enum(['second', 'live', 'none']) }),
  diarization: z.object({ method: DiarizationMethod }),
  /** The session's WAV, 16 kHz mono 16-bit: its length, and `sha256:` with the digest of its samples (all after byte 44). */
  audio: z.object({ sha256: z.string(), bytes: z.number().int(), sampleRate: z.literal(16000) }),
  coverage: Coverage,
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
});
export type FinalResult = z.infer<typeof FinalResult>;

/** Every event type and the shape of its data. */
export const eventData = {
  'session.opened': z.object({
    language: z.string(),
    owner: by,
    tenant: z.string(),
    client: z.string().optional(),
  }),
  'consent.recorded': z.object({ by, statement: z.string() }),
  'session.paused': z.object({ at: seconds }),
  'session.resumed': z.object({ at: seconds }),
  /** Blob: the slice's bytes as they came. `audioHash` is `sha256:` and the hex digest of those bytes. */
  'slice.received': z.object({
    seq: z.number().int().nonnegative(),
    epoch: z.number().int().nonnegative(),
    mime: z.string(),
    audioHash: z.string(),
    bytes: z.number().int().nonnegative(),
    /** What the client says it recorded; the timeline of a slice that cannot be decoded is taken from it. */
    durationMs: z.number().nonnegative(),
    capturedAt: z.number(),
  }),
  /** Exactly one of these two follows each `slice.received`, in order of `seq`. */
  'slice.decoded': z.object({ seq: z.number().int().nonnegative(), ...stretch }),
  'slice.degraded': z.object({ seq: z.number().int().nonnegative(), ...stretch, reason: z.string() }),
  /** Blob: a closed stretch of the session's audio, 16-bit little-endian PCM, 16 kHz mono. Stretches adjoin. */
  'audio.stored': z.object(stretch),
  'language.settled': z.object({ language: z.string(), probability: z.number() }),
  /** Live words, each exactly once, in order. `through`: everything before it has been listened to. */
  'words.committed': z.object({ words: z.array(Word), through: seconds }),
  'stretch.transcribed': z.object({
    ...stretch,
    words: z.array(Word),
    engine: EngineDescription,
    /** What the engine heard it as, where it says so. */
    language: z.string().optional(),
    /** Seconds of speech found in it. */
    speech: seconds,
    /** Segments that looked hallucinated and were left out (rule S4). */
    dropped: z.number().int().nonnegative(),
  }),
  /** Blob: the window's local speakers (segmentation and embeddings). */
  'window.diarized': z.object({ index: z.number().int().nonnegative(), method: DiarizationMethod }),
  'finish.requested': z.object({
    request: z.string(),
    by,
    numSpeakers: z.number().int().positive().optional(),
  }),
  /** One try at a request; a crash in the middle leaves this without an answer, and the next try counts on. */
  'finish.started': z.object({ request: z.string(), attempt: z.number().int().positive() }),
  /** Blob: the `FinalResult`. */
  'finish.completed': z.object({
    request: z.string(),
    warnings: z.array(z.string()),
    speakers: z.number().int().nonnegative(),
    words: z.number().int().nonnegative(),
    /** Only the text is new: the speakers are those of the result before, and corrections of them still stand. */
    sameSpeakers: z.literal(true).optional(),
  }),
  'finish.failed': z.object({
    request: z.string(),
    attempt: z.number().int().positive(),
    code: z.string(),
    reason: z.string(),
    final: z.boolean(),
  }),
  /** A correction of a speaker's name or role; the one with `undoes` takes back the event with that number. */
  'speaker.labelled': z.object({
    speaker: z.string(),
    name: z.string().optional(),
    role: Role.optional(),
    by,
    undoes: z.number().int().optional(),
  }),
  /** In a stream of its own. Blob: the embedding, 32-bit little-endian floats. `embedder`: what made it. */
  'voice.enrolled': z.object({ name: z.string(), embedder: z.string(), seconds }),
  /** In a stream of its own: the clinic's terms, all of them. */
  'vocabulary.changed': z.object({ by, terms: z.array(z.string()) }),
  'session.read': z.object({ by, what: z.string() }),
  'session.exported': z.object({ by, what: z.string() }),
  'session.erased': z.object({ by, reason: z.string() }),
  'access.denied': z.object({ by, what: z.string(), code: z.string() }),
} as const;

export type EventType = keyof typeof eventData;
export type EventData<Type extends EventType> = z.infer<(typeof eventData)[Type]>;

/** One event as it is appended. */
export type NewEvent = {
  [Type in EventType]: { type: Type; data: EventData<Type>; blob?: Uint8Array };
}[EventType];

/** One event as it stands in the corpus: `n` counts from 1 within its session, `at` is ISO 8601 in UTC. */
export type CorpusEvent = {
  [Type in EventType]: {
    session: string;
    n: number;
    at: string;
    type: Type;
    data: EventData<Type>;
    blob?: string;
  };
}[EventType];

/** The event of one type, for `Extract`-free signatures. */
export type EventOf<Type extends EventType> = Extract<CorpusEvent, { type: Type }>;
