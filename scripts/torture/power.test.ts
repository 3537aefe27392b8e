import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { shortly } from './harness/shortly.ts';
import { compilerMissing, createDisk } from './power/disk.ts';
import { power } from './power.ts';

t.test(
  'a power cut leaves what was synced and nothing else',
  { skip: compilerMissing || false },
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'auscult-disk-'));
    t.teardown(() => rmSync(directory, { recursive: true }));
    const data = join(directory, 'data');
    const disk = createDisk(directory, data, () => 0.5);
    const write = (script: string) =>
      execFileSync(
        process.execPath,
        ['-e', `const fs = require('fs'); process.chdir(${JSON.stringify(data)}); ${script}`],
        {
          env: { ...process.env, ...disk.environment },
        },
      );
    const sync = (name: string) => `fs.fsyncSync(fs.openSync('${name}', 'r'));`;
    write(`fs.writeFileSync('kept', 'one'); ${sync('kept')} fs.appendFileSync('kept', 'two');
    fs.writeFileSync('unnamed', 'x'); ${sync('kept')} ${sync('.')}
    fs.appendFileSync('kept', 'three'); fs.writeFileSync('late', 'x'); ${sync('late')}`);
    disk.cutPower(0);
    t.equal(readFileSync(join(data, 'kept'), 'utf8'), 'onetwo', 'what was appended after the sync is gone');
    t.equal(readFileSync(join(data, 'unnamed'), 'utf8'), '', 'a name was synced, its bytes were not');
    t.notOk(existsSync(join(data, 'late')), 'bytes were synced, their name was not');

    disk.fail('syncs');
    write(`fs.appendFileSync('kept', '!'); try { ${sync('kept')} } catch (error) { if (error.code !== 'EIO') throw error }
    fs.rmSync(${JSON.stringify(join(directory, 'fault'))}); ${sync('kept')}`);
    disk.cutPower(0);
    t.equal(
      readFileSync(join(data, 'kept'), 'utf8'),
      'onetwo\0',
      'a sync after a failed one does not bring it back',
    );
  },
);

shortly(
  t,
  '[I1] nothing acknowledged is lost when the power is cut or the disk fails',
  power,
  5,
  compilerMissing,
);
