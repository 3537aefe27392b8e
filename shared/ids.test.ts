import t from 'tap';
import { newId } from './ids.ts';
import { ClientMessage } from './protocol.ts';

t.test('an id is a name that a session may have and that no command takes for an option', async (t) => {
  const ids = Array.from({ length: 2000 }, newId);
  t.ok(ids.every((id) => /^[A-Za-z0-9]{22}$/.test(id)));
  t.equal(new Set(ids).size, ids.length);
  const hello = { type: 'hello', version: 1, token: 'token', session: ids[0] };
  t.ok(ClientMessage.safeParse(hello).success);
});
