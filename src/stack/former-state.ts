/**
 * Refuses to begin beside a `.coxswain` with a state, where earlier versions kept it.
 * Rule: no such folder is used by itself: one that came with a repository or an archive can be closed and owned like
 * the user's own, and holds a stranger's key, hub, runs and grants.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StateFolderError } from './state-folder.ts';

/** What a stack or a worker leaves at its first start; a repository's policy is none of them. */
const MARKS = ['host', 'temporal.db', 'seal.json'];

/** Throws where the folder `.coxswain` below this one holds such a state. */
export function refuseFormerState(workingDirectory: string): void {
  const folder = join(workingDirectory, '.coxswain');
  if (!MARKS.some((name) => existsSync(join(folder, name)))) return;
  throw new StateFolderError(
    `${folder} looks like the state of an earlier version, but may as well be a stranger's that came in an archive or a ` +
      'repository: if it is yours, say COXSWAIN_STATE=.coxswain in this folder to use it, or move it to ' +
      '~/.local/state/coxswain; if it is not, move it away',
  );
}
