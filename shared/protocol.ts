/**
 * The wire: every message either end may send, its validation and its encoding.
 * PROTOCOL.md says the same in words. One binary WebSocket message holds one msgpack map with a `type`.
 */
import { Packr } from 'msgpackr';
import { z } from 'zod';
import { ErrorCode } from './errors.ts';
import { Coverage, EngineDescription, FinalResult } from './events.ts';
import { Word } from './transcript.ts';

export const PROTOCOL_VERSION = 1;

/** Limits that both ends know; the server may announce a smaller window and slice size in `welcome`. */
export const limits = {
  /** Bytes of one slice: a 3 s WAV slice is 96 KB. */
  sliceBytes: 1024 * 1024,
  /** The transport refuses longer messages outright; room is left above `sliceBytes` for a `TOO_BIG` answer. */
  messageBytes: 4 * 1024 * 1024,
  /** Unacknowledged slices in flight. */
  window: 8,
  helloSeconds: 5,
  sliceSeconds: 3,
} as const;

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes expected');
const seq = z.number().int().nonnegative().max(10_000_000);
const sessionId = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/);
const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const language = z.string().regex(/^(auto|[a-z]{2,3})$/);

const clientMessages = [
  z.object({
    type: z.literal('hello'),
    version: z.literal(PROTOCOL_VERSION),
    token: z.string().max(8192),
    /** Present: go on with (or watch) this session. Absent: open a new one. */
    session: sessionId.optional(),
    language: language.optional(),
    /** The client has every event up to this one; those after it follow. */
    after: z.number().int().nonnegative().optional(),
    /** Take the session over from another page that is recording into it; for a person to decide. */
    takeover: z.boolean().optional(),
    /** What the page is called, across reconnects and reloads: its own old connection gives way to it. */
    client: z.string().max(256).optional(),
  }),
  z.object({
    type: z.literal('slice'),
    seq,
    /** Counts recorder starts: the bytes of one epoch, in order, are one stream. */
    epoch: z.number().int().nonnegative().max(1_000_000),
    mime: z.string().max(128),
    sha256,
    durationMs: z.number().nonnegative().max(3_600_000),
    /** Milliseconds since 1970 on the client's clock, when the slice began. */
    capturedAt: z.number(),
    data: bytes,
  }),
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('resume') }),
  z.object({ type: z.literal('consent'), statement: z.string().max(4096) }),
  z.object({ type: z.literal('finalize'), numSpeakers: z.number().int().min(1).max(20).optional() }),
  z.object({ type: z.literal('renew'), token: z.string().max(8192) }),
  z.object({ type: z.literal('ping'), at: z.number() }),
] as const;

/** What a client sends. Unknown fields are dropped, unknown types refused. */
export const ClientMessage = z.discriminatedUnion('type', clientMessages);
export type ClientMessage = z.infer<typeof ClientMessage>;
export type SliceMessage = Extract<ClientMessage, { type: 'slice' }>;
export type HelloMessage = Extract<ClientMessage, { type: 'hello' }>;

/** How a session stands: which control the page offers follows from it. */
export const SessionPhase = z.enum(['recording', 'paused', 'finishing', 'finished', 'failed']);
export type SessionPhase = z.infer<typeof SessionPhase>;

/** A published event as it reaches the page: its blob, if any, stays behind. */
export const Update = z.object({ n: z.number().int(), at: z.string(), event: z.string(), data: z.unknown() });

const serverMessages = [
  z.object({
    type: z.literal('welcome'),
    version: z.literal(PROTOCOL_VERSION),
    session: sessionId,
    phase: SessionPhase,
    nextSeq: seq,
    /** The epoch that a recorder started now must use. */
    nextEpoch: z.number().int().nonnegative(),
    window: z.number().int().positive(),
    sliceBytes: z.number().int().positive(),
    engine: EngineDescription.nullable(),
  }),
  /** Cumulative: every slice up to and including `seq` is on disk. */
  z.object({ type: z.literal('ack'), seq }),
  /** An event of the session, in order of `n`. */
  z.object({ type: z.literal('update'), ...Update.shape }),
  /** Words that may still change, replaced as a whole each time; empty when all are committed. */
  z.object({ type: z.literal('tail'), words: z.array(Word) }),
  /** Sent when any of it changes: how the session stands beside its events. */
  z.object({
    type: z.literal('status'),
    phase: SessionPhase,
    engine: EngineDescription.nullable(),
    /** `recovering`: text is owed and will follow. `none`: recording only. */
    engineState: z.enum(['ready', 'starting', 'recovering', 'none']),
    /** How much of its model the engine has loaded, while it does so and where the system tells. */
    engineLoadedPercent: z.number().int().min(0).max(100).optional(),
    /** The live text is this many seconds of speech behind. */
    behind: z.number().nonnegative(),
    coverage: Coverage,
  }),
  z.object({
    type: z.literal('progress'),
    stage: z.enum(['queued', 'audio', 'transcription', 'diarization', 'alignment', 'done']),
    /** 0 to 1 within the whole of finalising. */
    ratio: z.number().min(0).max(1),
  }),
  z.object({ type: z.literal('result'), result: FinalResult }),
  z.object({
    type: z.literal('error'),
    code: ErrorCode,
    message: z.string(),
    /** The number to go on with, for `EXPECTED_SEQ`; the slice meant, for the others about one slice. */
    seq: seq.optional(),
    /** True: the socket closes after this message. */
    fatal: z.boolean(),
  }),
  z.object({ type: z.literal('pong'), at: z.number() }),
] as const;

/** What the server sends. */
export const ServerMessage = z.discriminatedUnion('type', serverMessages);
export type ServerMessage = z.infer<typeof ServerMessage>;

// Plain maps (no msgpackr records): any msgpack library in any language reads them.
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: false, variableMapSize: true });

export function encode(message: ClientMessage | ServerMessage): Uint8Array {
  return packr.pack(message);
}

/** @throws Error when the bytes are not one msgpack value; the value is not validated yet. */
export function decode(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}
