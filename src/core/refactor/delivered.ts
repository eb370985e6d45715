/**
 * The result of a delivery: the branch is made, or it can't be and the refactor holds. A person may name another
 * branch.
 * Rule: an approval covers the branch's name, so another branch is asked for again. A delivery that is under way is not
 * changed.
 */
import { listOpenDecisions, withdrawDecisions } from '../decisions/open-decisions.ts';
import { openDelivery } from './gates.ts';
import type { RefactorEvent, RefactorState } from './state.ts';
import { endRefactor, holdRefactor, log } from './work.ts';
import { checkNewBranch } from '../branch-name.ts';

export type Taken = { kind: 'taken'; state: RefactorState } | { kind: 'refused'; detail: string };

/**
 * Sets another branch to deliver, or says why not. Whether it can be made in the repository is found out at delivery.
 */
export function takeBranch(before: RefactorState, branch: string, at: number): Taken {
  const problem = checkNewBranch(branch);
  if (problem !== undefined) return { kind: 'refused', detail: `branch ${JSON.stringify(branch)} ${problem}` };
  const { prepared, hold, deliveryApproved, line } = before;
  if (!hold && !prepared)
    return { kind: 'refused', detail: 'it is still being prepared for its branch: name another branch once it holds' };
  if (!hold && deliveryApproved)
    return { kind: 'refused', detail: `branch ${before.branch} is being delivered: name another one once it holds` };
  if (branch === before.branch) return { kind: 'taken', state: before };
  const isAsked = listOpenDecisions(before.control).some(({ kind }) => kind === 'delivery');
  const control = withdrawDecisions(before.control, at, ['delivery'], `branch ${branch} takes its place`);
  const named = log(
    { ...before, control, branch, deliveryApproved: null },
    at,
    `branch ${branch} takes the place of ${before.branch}`,
  );
  const state = line && (isAsked || deliveryApproved) ? openDelivery(named, at, line) : named;
  return { kind: 'taken', state };
}

/** Ends the run, or holds and says what is in the way. */
export function takeDelivery(
  state: RefactorState,
  event: Extract<RefactorEvent, { kind: 'delivered' }>,
): RefactorState {
  const { outcome, at } = event;
  switch (outcome.kind) {
    case 'delivered': {
      const { kind: _, ...delivered } = outcome;
      return endRefactor({ ...state, delivered }, at, { kind: 'done' });
    }
    case 'exists':
      return holdRefactor(
        state,
        at,
        `branch ${state.branch} exists already at ${outcome.at.slice(0, 10)} and is never overwritten. Move it away, then resume; or ${otherBranch(state)}`,
      );
    case 'refused':
      return holdRefactor(
        state,
        at,
        `the repository refused branch ${state.branch}: ${outcome.reason}. Fix that, then resume; or ${otherBranch(state)}`,
      );
  }
}

function otherBranch({ id }: RefactorState): string {
  return `resume with another one: cox resume ${id} --branch <name>`;
}
