/**
 * What another plain user of the host can read.
 * Rule: a case looks at modes, and tries as the user `nobody` if the bench runs as root.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { GroundCase } from '../case.ts';

export const hosts: GroundCase[] = ['', 'temporal.db', 'hub', 'temporal.log', 'stack.json'].map((name) => ({
  name: `another user of the host can't read ${name === '' ? 'the state folder' : name}`,
  against: 'a user of the host',
  about: "Temporal's file has all conversations' names, decisions and inputs.",
  attempt: async (ground) => {
    const { stateDir } = await ground.stack();
    const path = join(stateDir, name);
    const { mode } = await stat(path);
    const isOpen = (mode & 0o077) !== 0;
    const read = await execa('runuser', ['-u', 'nobody', '--', 'ls', path], { reject: false }).catch(() => undefined);
    const saw = `mode ${(mode & 0o777).toString(8)}${read?.exitCode === 0 ? ', read by nobody' : ''}`;
    return { held: !isOpen, saw };
  },
}));
