/** AES-GCM under a key that can be used but never read out, not even by this page. */
export type OutboxKey = CryptoKey;

const ivBytes = 12;

export function createKey(): Promise<OutboxKey> {
  return crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** `context` is bound to the result: under another one it does not open. */
export async function seal(key: OutboxKey, plain: Uint8Array, context: string): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
  const sealed = await crypto.subtle.encrypt(parameters(iv, context), key, plain as BufferSource);
  const whole = new Uint8Array(ivBytes + sealed.byteLength);
  whole.set(iv);
  whole.set(new Uint8Array(sealed), ivBytes);
  return whole;
}

/** @throws OperationError when key, context or bytes are not those that were sealed. */
export async function open(key: OutboxKey, whole: Uint8Array, context: string): Promise<Uint8Array> {
  const iv = whole.slice(0, ivBytes);
  const sealed = whole.slice(ivBytes) as BufferSource;
  return new Uint8Array(await crypto.subtle.decrypt(parameters(iv, context), key, sealed));
}

function parameters(iv: Uint8Array, context: string): AesGcmParams {
  const additionalData = new TextEncoder().encode(context);
  return { name: 'AES-GCM', iv: iv as BufferSource, additionalData };
}

/** `sha256:` and the hex digest, as the wire wants it. */
export async function digest(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
  return `sha256:${[...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
