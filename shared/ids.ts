import { customAlphabet } from 'nanoid';

/** An unguessable name of 131 bits. Letters and digits alone: one that begins with a dash reads as an option. */
export const newId: () => string = customAlphabet(
  '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
  22,
);
