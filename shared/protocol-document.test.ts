import { readFileSync } from 'node:fs';
import t from 'tap';
import { errorKinds } from './errors.ts';
import { ClientMessage, ServerMessage } from './protocol.ts';

const text = readFileSync(new URL('./PROTOCOL.md', import.meta.url), 'utf8');
const rows = text.split('\n').filter((line) => line.startsWith('| `'));
const rowOf = (name: string) => rows.find((line) => line.startsWith(`| \`${name}\``));

t.test('every message and each of its fields is in the document', async (t) => {
  for (const { shape } of [...ClientMessage.options, ...ServerMessage.options]) {
    const row = rowOf(shape.type.value);
    t.ok(row, shape.type.value);
    for (const field of Object.keys(shape)) {
      if (field !== 'type') t.match(row, new RegExp(`\`${field}\\??\``), `${shape.type.value}.${field}`);
    }
  }
});

t.test('every error code is in the document, with its numbers', async (t) => {
  for (const [code, kind] of Object.entries<{ httpStatus: number; closeCode?: number }>(errorKinds)) {
    const [, , http, close] =
      rowOf(code)
        ?.split('|')
        .map((cell) => cell.trim()) ?? [];
    t.equal(http, String(kind.httpStatus), `${code} over HTTP`);
    t.equal(close, kind.closeCode === undefined ? '' : String(kind.closeCode), `${code} over the socket`);
  }
});

t.test('the document names no code that does not exist', async (t) => {
  const named = rows.flatMap((row) => /^\| `([A-Z_]+)` \|/.exec(row)?.[1] ?? []);
  t.same(
    named.filter((code) => !(code in errorKinds)),
    [],
  );
});
