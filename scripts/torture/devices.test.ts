import t from 'tap';
import { seededRandom } from '../../fixtures/engines/tone-vocabulary.ts';
import { createArena } from './harness/arena.ts';
import { createClient } from './harness/client.ts';
import { differentWords, recordTones } from './harness/sound.ts';

const sound = recordTones(differentWords(16, 1), { seed: 1, epochs: ['plain'] });

t.test(
  'a device that was displaced and never heard of it does not take the session back by itself',
  async (t) => {
    const arena = await createArena({ AUSCULT_STAND_IN: '0' });
    t.teardown(arena.close);
    await arena.start();
    const token = await arena.token();
    const device = (name: string, session?: string) =>
      createClient({
        ...{ url: () => arena.socketUrl, token, name, random: seededRandom(1) },
        initial: session === undefined ? {} : { session },
      });
    const first = device('first');
    first.connection.start();
    await first.until('a session', ({ state }) => state.status === 'ready');
    const { session } = first.state;
    // As a dead network does: the page hears of nothing.
    first.close();
    const second = device('second', session);
    second.connection.start();
    await second.until('the session', ({ state }) => state.status === 'ready');
    first.connection.start();
    await first.until('a refusal', ({ state }) => state.refusal === 'SESSION_BUSY');

    first.connection.takeOver();
    await first.until('the session again', ({ state }) => state.status === 'ready');
    await second.until('word of it', ({ state }) => state.refusal === 'SESSION_TAKEN_OVER');
    first.close();
    const reloaded = device('second', session);
    reloaded.connection.start();
    await reloaded.until('a refusal', ({ state }) => state.refusal === 'SESSION_TAKEN_OVER');
    first.connection.start();
    await first.until('its session', ({ state }) => state.status === 'ready');
    first.record(sound.slices[0]!);
    await first.until('an acknowledgement', ({ state }) => state.unacked === 1);
    for (const client of [first, second, reloaded]) client.close();
  },
);

t.test('where consent is required no slice is taken before it is recorded', async (t) => {
  const arena = await createArena({ AUSCULT_STAND_IN: '0', AUSCULT_CONSENT_REQUIRED: 'true' });
  t.teardown(arena.close);
  await arena.start();
  const client = createClient({
    url: () => arena.socketUrl,
    token: await arena.token(),
    random: seededRandom(1),
  });
  client.connection.start();
  client.record(sound.slices[0]!);
  await client.until('a refusal', ({ refusals }) => refusals.includes('CONSENT_REQUIRED'));
  t.equal(client.state.unacked, 0);
  client.connection.command({ type: 'consent', statement: 'agreed' });
  await client.until('an acknowledgement', ({ state }) => state.unacked === 1);
  const order = client.updates.map(({ event }) => event);
  t.ok(order.indexOf('consent.recorded') < order.indexOf('slice.received'), order.join(' '));
  client.close();
});
