/**
 * The command that applies a patch: the toolbox's apply_patch, run inside the sandbox like any other command.
 * Rule: the host never changes the workspace's files itself.
 */
import type { CommandRequest } from '../command/request.ts';
import { TOOLS_VARIABLE } from '../bubblewrap/toolbox.ts';

/**
 * The command and its input for a patch in the `*** Begin Patch` format. Exit status 1: nothing was changed, and the
 * output says why.
 */
export function applyPatchCommand(patch: string): Pick<CommandRequest, 'command' | 'stdin'> {
  return { command: `exec "$${TOOLS_VARIABLE}/apply_patch"`, stdin: patch };
}
