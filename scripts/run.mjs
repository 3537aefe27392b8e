/** `node scripts/run.mjs FILE.ts …`: runs a script of ours with everything it needs installed. */
import { bootstrapAndRun } from './bootstrap.mjs';

const [script = '', ...args] = process.argv.slice(2);
await bootstrapAndRun([{ script, args }]);
