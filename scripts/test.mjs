import { bootstrapAndRun } from './bootstrap.mjs';

await bootstrapAndRun([{ script: 'scripts/test.ts', args: process.argv.slice(2) }]);
