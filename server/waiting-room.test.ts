import t from 'tap';
import { createWaitingRoom } from './waiting-room.ts';

t.test('a release lets everyone go on who waits then, and nobody who comes later', async (t) => {
  const room = createWaitingRoom();
  const gone: string[] = [];
  const wait = (name: string) => room.wait().then(() => gone.push(name));
  const first = [wait('one'), wait('two')];
  room.release();
  void wait('three');
  await Promise.all(first);
  t.strictSame(gone, ['one', 'two']);
});

t.test('whoever is called away leaves, and nothing of them stays on a signal that lives on', async (t) => {
  const room = createWaitingRoom();
  const abort = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = abort.signal;
  abort.signal.addEventListener = (...args: unknown[]) => {
    listeners += 1;
    Reflect.apply(addEventListener, abort.signal, args);
  };
  abort.signal.removeEventListener = (...args: unknown[]) => {
    listeners -= 1;
    Reflect.apply(removeEventListener, abort.signal, args);
  };
  const released = room.wait(abort.signal);
  room.release();
  await released;
  t.equal(listeners, 0);

  const refused = room.wait(abort.signal);
  abort.abort(new Error('away'));
  await t.rejects(refused, { message: 'away' });
  t.equal(listeners, 0);
  await t.rejects(room.wait(abort.signal), { message: 'away' });
});
