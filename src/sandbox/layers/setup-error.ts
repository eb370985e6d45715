/**
 * The error for a setup that failed or changed tracked files.
 * Rule: the message shows what the setup did, so that a person sees what to change.
 */
import { ends } from '../../core/text/lines.ts';
import { SandboxError } from '../sandbox-error.ts';

/** The error for a setup with this outcome, which must not be `ready`. */
export function setupError(
  command: string,
  outcome: { kind: string; exitCode?: number | null; output?: string; paths?: string[] },
): SandboxError {
  const why =
    outcome.kind === 'changed-tracked'
      ? `changed files that git tracks: ${outcome.paths?.slice(0, 10).join(', ')}`
      : `ended with exit status ${outcome.exitCode ?? 'none'}: ${ends(outcome.output?.trim() ?? '', 800)}`;
  return new SandboxError('setup', `setup "${command}" ${why}`, { command, exitCode: outcome.exitCode ?? null });
}
