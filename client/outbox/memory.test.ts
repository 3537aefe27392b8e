import t from 'tap';
import { outboxContract } from './contract.ts';
import { createMemoryOutbox } from './memory.ts';

for (const [name, check] of Object.entries(outboxContract)) {
  t.test(`memory: ${name}`, async () => check(createMemoryOutbox()));
}
