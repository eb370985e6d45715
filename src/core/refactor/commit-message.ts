/**
 * The message of a task's commit on the line: what was done, and as trailers what vouches for it.
 * Rule: trailers are ours alone: what a model wrote is text above them, and can't be taken for one.
 */
import { nameOf } from '../decisions/weigh.ts';
import type { RefactorState, TaskState } from './state.ts';
import { isPart } from './work.ts';
import { asName, shorten } from '../text/lines.ts';
import { asProse, asTitle, trailer } from '../text/prose.ts';

/** Checks that are named; a task has at most this many. */
const MAX_CHECKS = 20;

/** Characters of what was left out. */
const MAX_LEFT_OUT = 1000;

/** Subject, summary and trailers. */
export function renderCommitMessage(state: RefactorState, work: TaskState): string {
  const { task, summary, leftOut } = work;
  // Evidence of a tree with files that were left out vouches for no commit without them.
  const evidence = isPart(work) ? [] : work.evidence;
  const last = [...new Map(evidence.map((result) => [result.command, result])).values()].slice(0, MAX_CHECKS);
  const checks = last.map(({ command, green, tree }) =>
    trailer('Coxswain-Check', `${green ? 'green' : 'red'} on tree ${tree}: ${shorten(command, 200)}`),
  );
  const trailers = [
    trailer('Coxswain-Refactor', state.id),
    trailer('Coxswain-Task', task.id),
    ...checks,
    ...(leftOut ? [trailer('Coxswain-Left-Out', shorten(leftOut.paths.join(', '), MAX_LEFT_OUT))] : []),
    ...listApprovals(state),
  ];
  return `${asTitle(task.title)}\n\n${asProse(summary)}\n\n${trailers.join('\n')}\n`;
}

/** Who approved the plan as it stands; a name without a signature is shown as the claim that it is. */
function listApprovals({ plan, control }: RefactorState): string[] {
  const decision = control.decisions.findLast(
    ({ kind, digest, closed }) => kind === 'plan' && digest === plan?.digest && closed?.outcome === 'approved',
  );
  if (!plan || !decision) return [];
  return (decision.approvals ?? []).map((approval) => {
    const proof = approval.signed ? 'signed' : 'not signed';
    return trailer('Coxswain-Approved-By', `${asName(nameOf(approval))} (plan ${plan.version}, ${proof})`);
  });
}
