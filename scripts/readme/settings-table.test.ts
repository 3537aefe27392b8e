import { readFileSync } from 'node:fs';
import t from 'tap';
import { settings } from '../../server/config.ts';
import { withSettingsTable } from './settings-table.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

t.test('the README lists every setting with its default, as the server reads it', async (t) => {
  t.equal(withSettingsTable(readme), readme, 'run scripts/readme/write-settings.ts');
});

t.test('every setting says what it does', async (t) => {
  for (const [name, schema] of Object.entries(settings)) t.ok(schema.description, name);
});
