/**
 * The command that applies a patch: our program in the toolbox, run inside the sandbox like any other command.
 * Rule: the host never touches the workspace's files itself.
 */
import type { CommandRequest } from '../command/request.ts';
import { TOOLS_VARIABLE } from '../bubblewrap/toolbox.ts';

/**
 * The command and its input for a patch in the `*** Begin Patch` format; exit status 1 means that nothing was changed,
 * and says why.
 */
export function applyPatchCommand(patch: string): Pick<CommandRequest, 'command' | 'stdin'> {
  return { command: `exec "$${TOOLS_VARIABLE}/apply_patch"`, stdin: patch };
}
