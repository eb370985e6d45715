/**
 * Refuses to start in a folder with a `.coxswain` that contains a state, which is where earlier versions kept it.
 * Rule: such a folder is used only if the user says so. It may have come with a repository or an archive, look like the
 * user's own, and contain a stranger's key, hub, runs and grants.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StateFolderError } from './state-folder.ts';

/** Files that a stack or a worker writes at its first start; a repository's policy file is not one of these. */
const MARKS = ['host', 'temporal.db', 'seal.json'];

/** Throws if `.coxswain` in this folder contains such a state. */
export function refuseFormerState(workingDirectory: string): void {
  const folder = join(workingDirectory, '.coxswain');
  if (!MARKS.some((name) => existsSync(join(folder, name)))) return;
  throw new StateFolderError(
    `${folder} looks like the state of an earlier version, but may be a stranger's that came with an archive or a ` +
      'repository. If it is yours, set COXSWAIN_STATE=.coxswain in this folder to use it, or move it to ' +
      '~/.local/state/coxswain. If it is not yours, move it away',
  );
}
