/**
 * Finds the state that earlier versions kept in `.coxswain` of the folder where they were started.
 * Rule: only a folder that a stack of this user closed to others counts. One that came with a repository is open, and
 * could hold a hub or a key of a stranger.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StateFolderError } from './state-folder.ts';

/** What a stack or a worker leaves at its first start; a repository's policy is none of them. */
const MARKS = ['host', 'temporal.db', 'seal.json'];
const OTHERS = 0o077;

/** The folder `.coxswain` below this one, where it holds such a state. Throws where others could have made it. */
export function findFormerState(workingDirectory: string): string | undefined {
  const folder = join(workingDirectory, '.coxswain');
  if (!MARKS.some((name) => existsSync(join(folder, name)))) return undefined;
  const { mode, uid } = statSync(folder);
  const user = process.geteuid?.();
  if ((mode & OTHERS) === 0 && (user === undefined || uid === user)) return folder;
  throw new StateFolderError(
    `${folder} looks like the state of an earlier version, but is not closed to others, so it may be a stranger's: ` +
      'close it if it is yours (chmod 700 .coxswain), or name the folder to use in COXSWAIN_STATE',
  );
}
