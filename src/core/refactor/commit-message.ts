/**
 * The message of a task's commit on the integration branch: what was done, and trailers with the evidence.
 * Rule: only we write trailers. A model's text stands above them, and can't be read as one.
 */
import { nameOf } from '../decisions/weigh.ts';
import type { RefactorState, TaskState } from './state.ts';
import { isPart } from './work.ts';
import { asName, shorten } from '../text/lines.ts';
import { asProse, asTitle, trailer } from '../text/prose.ts';

/** Most checks that are named. A task has no more. */
const MAX_CHECKS = 20;

/** Most characters of the list of files that were left out. */
const MAX_LEFT_OUT = 1000;

/** Subject, summary and trailers. */
export function renderCommitMessage(state: RefactorState, work: TaskState): string {
  const { task, summary, leftOut } = work;
  // The agent's evidence is about a tree with the files that were left out, so it says nothing about this commit.
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

/** Who approved the current plan. A name without a signature is shown as not signed. */
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
