/**
 * How a person calls this program from another terminal, whatever folder that is in.
 * Rule: a printed line runs as it is printed. It says `cox` only where a shell finds this very program by that name.
 */
import { realpathSync } from 'node:fs';
import { delimiter, isAbsolute, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../config.ts';
import { shellLine } from '../../core/text/shell-line.ts';

const LAUNCHER = fileURLToPath(new URL('../../../bin/cox.mjs', import.meta.url));

/** A line for a POSIX shell that runs this program with `words`, on the same state. */
export function ownLine({ path, stateDir, usualStateDir }: Config, words: readonly string[]): string {
  const state = stateDir === usualStateDir ? '' : `COXSWAIN_STATE=${shellLine([stateDir])} `;
  return state + shellLine([nameProgram(path), ...words]);
}

/** `cox`, where that is this program on the person's own PATH; else the whole path of its file. */
function nameProgram(path: string): string {
  // npm and npx put such folders in front of the PATH only for the commands that they run.
  const own = path.split(delimiter).filter((folder) => !folder.endsWith(join(sep, 'node_modules', '.bin')));
  const first = own.flatMap((folder) => (isAbsolute(folder) ? (realPath(join(folder, 'cox')) ?? []) : []))[0];
  return first !== undefined && first === realPath(LAUNCHER) ? 'cox' : LAUNCHER;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
