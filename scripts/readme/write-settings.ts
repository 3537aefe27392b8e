/** `node scripts/run.mjs scripts/readme/write-settings.ts` writes the table of settings into the README. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withSettingsTable } from './settings-table.ts';

const readme = new URL('../../README.md', import.meta.url);
writeFileSync(readme, withSettingsTable(readFileSync(readme, 'utf8')));
