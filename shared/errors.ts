/** Every stable error code, what it means to the one who gets it, and how the two transports say it. */
import { z } from 'zod';

interface ErrorKind {
  /** Shown to a person; never holds transcript text, audio or secrets (rule C4). */
  readonly message: string;
  readonly httpStatus: number;
  /** The close code of the socket, for errors after which it cannot go on. */
  readonly closeCode?: number;
}

export const errorKinds = {
  BAD_MESSAGE: { message: 'The message could not be read or has a field out of range.', httpStatus: 400 },
  UNKNOWN_MESSAGE: { message: 'There is no message of this type.', httpStatus: 400 },
  HELLO_EXPECTED: { message: 'The first message must be hello.', httpStatus: 400, closeCode: 4400 },
  HELLO_TIMEOUT: { message: 'No hello arrived in time.', httpStatus: 408, closeCode: 4408 },
  ALREADY_GREETED: { message: 'This connection has said hello before.', httpStatus: 400 },
  VERSION_UNSUPPORTED: {
    message: 'This server speaks another version of the protocol.',
    httpStatus: 400,
    closeCode: 4406,
  },
  UNAUTHENTICATED: {
    message: 'The token is missing, expired or not valid here.',
    httpStatus: 401,
    closeCode: 4401,
  },
  FORBIDDEN: { message: 'This account may not do that.', httpStatus: 403, closeCode: 4403 },
  ORIGIN_REFUSED: { message: 'Pages from this address may not connect.', httpStatus: 403, closeCode: 4403 },
  SESSION_UNKNOWN: { message: 'There is no such session.', httpStatus: 404, closeCode: 4404 },
  SESSION_EMPTY: { message: 'The session holds no audio yet.', httpStatus: 400 },
  SESSION_FINISHED: { message: 'The session is being finished and takes no more audio.', httpStatus: 409 },
  SESSION_BUSY: {
    message: 'Another connection is recording into this session.',
    httpStatus: 409,
    closeCode: 4409,
  },
  SESSION_TAKEN_OVER: {
    message: 'Another connection has taken this session over.',
    httpStatus: 409,
    closeCode: 4410,
  },
  EXPECTED_SEQ: { message: 'A slice is missing before this one.', httpStatus: 409 },
  SLICE_CONFLICT: {
    message: 'Another slice with this number is stored already; the first one stands.',
    httpStatus: 409,
  },
  SLICE_EMPTY: { message: 'The slice holds no bytes.', httpStatus: 400 },
  HASH_MISMATCH: { message: 'The bytes do not have the stated SHA-256.', httpStatus: 400 },
  TOO_BIG: { message: 'The message is larger than this server takes.', httpStatus: 413 },
  TOO_FAST: { message: 'Too many messages or bytes in a short time.', httpStatus: 429 },
  TOO_SLOW: { message: 'The connection does not read what is sent to it.', httpStatus: 408, closeCode: 4413 },
  TOO_MANY: { message: 'Too many connections or sessions at once.', httpStatus: 429, closeCode: 4429 },
  DECODE_DEGRADED: { message: 'The slice is safe, but it could not be decoded as audio.', httpStatus: 422 },
  MIME_UNKNOWN: {
    message: 'The slice is safe, but its format is not one that can be decoded here.',
    httpStatus: 422,
  },
  CONSENT_REQUIRED: {
    message: 'Nothing is recorded here before consent has been recorded.',
    httpStatus: 409,
  },
  STORAGE_UNAVAILABLE: {
    message: 'The server cannot write to its disk; nothing is acknowledged until it can.',
    httpStatus: 503,
  },
  ENGINE_UNAVAILABLE: {
    message: 'Speech recognition is not available; the text will follow.',
    httpStatus: 503,
  },
  FINALIZE_FAILED: {
    message: 'Finishing did not succeed; the audio is safe and it can be asked for again.',
    httpStatus: 500,
  },
  CORRUPT: { message: 'Stored data of this session do not verify; it is read-only.', httpStatus: 500 },
  VOICE_UNREADABLE: { message: 'The voice sample could not be decoded as audio.', httpStatus: 422 },
  VOICE_TOO_QUIET: {
    message: 'The voice sample is too quiet; come closer to the microphone.',
    httpStatus: 422,
  },
  VOICE_TOO_SHORT: { message: 'The voice sample holds less than three seconds of speech.', httpStatus: 422 },
  VOICE_TOO_LONG: { message: 'The voice sample is longer than thirty seconds.', httpStatus: 422 },
  VOICE_CLIPPED: {
    message: 'The voice sample is overdriven; lower the level of the microphone.',
    httpStatus: 422,
  },
  VOICE_NOT_ALONE: { message: 'More than one voice is heard in the sample.', httpStatus: 422 },
  SPEAKERS_UNAVAILABLE: { message: 'Speakers cannot be told apart on this server.', httpStatus: 503 },
  NOT_FOUND: { message: 'There is nothing at this address.', httpStatus: 404 },
  METHOD_NOT_ALLOWED: { message: 'This address does not take that method.', httpStatus: 405 },
  SHUTTING_DOWN: {
    message: 'The server is stopping; connect again in a moment.',
    httpStatus: 503,
    closeCode: 1012,
  },
  INTERNAL: { message: 'Something went wrong on the server.', httpStatus: 500 },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;
export const ErrorCode = z.enum(Object.keys(errorKinds) as [ErrorCode, ...ErrorCode[]]);

/** An error that may be told to a client: its code and the table's message, nothing else. */
export class CodedError extends Error {
  readonly code: ErrorCode;
  readonly seq: number | undefined;

  constructor(code: ErrorCode, options: { seq?: number; cause?: unknown } = {}) {
    super(errorKinds[code].message, { cause: options.cause });
    this.name = 'CodedError';
    this.code = code;
    this.seq = options.seq;
  }
}

export const hasCode = (error: unknown, code: ErrorCode): error is CodedError =>
  error instanceof CodedError && error.code === code;
