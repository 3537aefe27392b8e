/** AES-256-GCM. A box is the 12-byte nonce, the ciphertext and the 16-byte tag. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { encodeFields } from './chain.ts';

const NONCE = 12;
const TAG = 16;
export const KEY_BYTES = 32;

/** What the box is bound to: it opens only where it was meant to be. */
export type Binding = readonly (string | number)[];

export function close(key: Uint8Array, binding: Binding, plaintext: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  cipher.setAAD(Buffer.concat(encodeFields(...binding)));
  // Not from Node's shared pool: the box is handed to the writer thread as a whole.
  const box = Buffer.allocUnsafeSlow(NONCE + plaintext.byteLength + TAG);
  nonce.copy(box);
  cipher.update(plaintext).copy(box, NONCE);
  cipher.final();
  cipher.getAuthTag().copy(box, NONCE + plaintext.byteLength);
  return box;
}

/** @throws Error when the key, the binding or any byte of the box is not what it was. */
export function open(key: Uint8Array, binding: Binding, box: Uint8Array): Uint8Array {
  if (box.byteLength < NONCE + TAG) throw new Error('The box is too short.');
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(Buffer.concat(encodeFields(...binding)));
  decipher.setAuthTag(box.subarray(box.byteLength - TAG));
  const plaintext = decipher.update(box.subarray(NONCE, box.byteLength - TAG));
  decipher.final();
  return plaintext;
}
