/** A process of its own that appends until it is killed, and prints every acknowledgement when it has it. */
import { writeSync } from 'node:fs';
import { createCorpus } from './create-corpus.ts';
import { opened, optionsFor, slice } from './testing.ts';

const [directory = '', round = ''] = process.argv.slice(2);
const corpus = await createCorpus(optionsFor(directory));

async function stream(session: string): Promise<void> {
  await corpus.open(session, opened);
  for (let seq = 0; ; seq++) {
    const [event] = await corpus.append(session, [slice(seq, new Uint8Array(3000).fill(seq))]);
    writeSync(1, `${session} ${event!.n} ${seq}\n`);
    if (seq % 10 === 9) {
      await corpus.append(session, [{ type: 'finish.requested', data: { request: `r${seq}`, by: 'x' } }]);
      writeSync(1, `${session} finishing ${seq}\n`);
    }
  }
}

await Promise.all([0, 1, 2, 3].map((index) => stream(`session-${round}-${index}`)));
