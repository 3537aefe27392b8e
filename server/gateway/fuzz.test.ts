import { randomInt } from 'node:crypto';
import t from 'tap';
import { type ClientMessage, encode } from '../../shared/protocol.ts';
import { aSlice, clinician, startTestGateway } from './testing.ts';

const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));

/** mulberry32: the same numbers for the same seed. */
function createRandom(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

for (const transport of ['ws', 'auto'] as const) {
  t.test(
    `[A2] hostile messages are answered or end their connection, seed ${seed}, transport ${transport}`,
    async (t) => {
      const random = createRandom(seed);
      const rate = { burst: 1e9, perSecond: 1e9 };
      const limits = { messageRate: rate, byteRate: rate };
      const { connect, token, reports, attached } = await startTestGateway(t, { transport, limits });
      const credential = await token(clinician);
      const hello = { type: 'hello', version: 1, token: credential };
      const samples = [
        hello,
        aSlice(3),
        { type: 'finalize', numSpeakers: 2 },
        { type: 'renew', token: credential },
        { type: 'consent', statement: 'yes' },
        { type: 'ping', at: 1 },
      ];
      const hostile = (): Uint8Array => {
        const bytes = Uint8Array.from(encode(samples[random(samples.length)] as ClientMessage));
        const kind = random(4);
        if (kind === 0) return Uint8Array.from({ length: random(300) }, () => random(256));
        if (kind === 1) return bytes.subarray(0, random(bytes.length));
        for (let flips = 1 + random(4); flips > 0; flips -= 1) bytes[random(bytes.length)] = random(256);
        return bytes;
      };
      let sent = 0;
      let answered = 0;
      for (let round = 0; round < 60; round += 1) {
        const client = await connect();
        let over = false;
        void client.closed.then(() => {
          over = true;
        });
        client.socket.on('error', () => {});
        if (round % 3 > 0) {
          client.send(hello);
          await client.next();
        }
        client.socket.on('message', () => {
          answered += 1;
        });
        for (let count = 0; count < 40 && !over; count += 1, sent += 1) client.sendBytes(hostile());
        client.socket.close();
        await client.closed;
      }
      t.comment(`${sent} hostile messages, ${answered} answers, ${attached.length} attachments`);
      t.ok(answered > 0);
      t.same(reports, [], 'nothing unforeseen');
      const client = await connect();
      client.send(hello);
      t.match(await client.next(), { type: 'welcome' }, 'and the server goes on');
      client.socket.terminate();
    },
  );
}
