/**
 * The message of a task's commit on the line: what was done, and as trailers what vouches for it.
 * Rule: trailers are ours alone: what a model wrote is text above them, and can't be taken for one.
 */
import { nameOf } from './decide.ts';
import { escapeForPeople } from './escape.ts';
import type { RefactorState, TaskState } from './refactor-state.ts';
import { shorten } from './control.ts';

/** Checks that are named; a task has at most this many. */
const MAX_CHECKS = 20;

/** Subject, summary and trailers. */
export function renderCommitMessage(state: RefactorState, { task, summary, evidence }: TaskState): string {
  const last = [...new Map(evidence.map((result) => [result.command, result])).values()].slice(0, MAX_CHECKS);
  const checks = last.map(
    ({ command, green, tree }) =>
      `Coxswain-Check: ${green ? 'green' : 'red'} on tree ${tree}: ${escapeForPeople(shorten(command, 200))}`,
  );
  const trailers = [`Coxswain-Refactor: ${state.id}`, `Coxswain-Task: ${task.id}`, ...checks, ...listApprovals(state)];
  return `${asText(task.title)}\n\n${asText(summary)}\n\n${trailers.join('\n')}\n`;
}

/** Who approved the plan as it stands; a name without a signature is shown as the claim that it is. */
function listApprovals({ plan, control }: RefactorState): string[] {
  const decision = control.decisions.findLast(
    ({ kind, digest, closed }) => kind === 'plan' && digest === plan?.digest && closed?.outcome === 'approved',
  );
  if (!plan || !decision) return [];
  return (decision.approvals ?? []).map((approval) => {
    const proof = approval.signed ? 'signed' : 'not signed';
    return `Coxswain-Approved-By: ${escapeForPeople(shorten(nameOf(approval), 100))} (plan ${plan.version}, ${proof})`;
  });
}

/** A model's words with nothing at the start of a line that reads as a trailer of somebody. */
function asText(words: string): string {
  return words.replace(/^(?=[A-Za-z-]+-(?:by|Refactor|Task|Key|Check|Run):)/gim, ' ');
}
