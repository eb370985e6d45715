/**
 * The state that a new refactor begins with.
 * Rule: names are judged and words made harmless here, once; a run that began before keeps the branch that it had.
 */
import { ApplicationFailure, patched, workflowInfo } from '@temporalio/workflow';
import type { StartInput } from '../core/decisions/messages.ts';
import type { EffectivePolicy } from '../core/policy/policy.ts';
import { createRefactor } from '../core/refactor/next.ts';
import { digestStart } from '../core/refactor/request.ts';
import type { RefactorState } from '../core/refactor/state.ts';
import { findStartProblems } from '../core/decisions/border.ts';
import { formerBranchFor } from '../core/branch-name.ts';
import { harmless } from '../core/text/harmless.ts';
import { TEXT_BORDER } from './search-attributes.ts';

/** The patch under which a network that a person said began to count for exactly one start's input. */
const NAMES_START = 'names-start';

/** A new refactor: what comes in is judged and made harmless, and its branch is one that no other id has. */
export function beginRefactor(input: StartInput, policy: EffectivePolicy): RefactorState {
  const id = workflowInfo().workflowId;
  if (!patched(TEXT_BORDER)) {
    const former = createRefactor(id, input, policy, Date.now());
    return { ...former, branch: input.branch ?? formerBranchFor(id) };
  }
  const problems = findStartProblems(id, input);
  if (problems.length > 0) throw ApplicationFailure.nonRetryable(problems.join('; '), 'BadInput');
  const goal = harmless(input.goal);
  const begun = createRefactor(id, { ...input, goal }, policy, Date.now());
  const state: RefactorState = { ...begun, control: { ...begun.control, border: true } };
  const opensNetwork = input.policy?.network?.setup !== undefined;
  return opensNetwork && patched(NAMES_START) ? { ...state, startDigest: digestStart(state.input) } : state;
}

/** The patch under which agents began to get shares of the tokens, and more as they need it. */
const SHARES_TOKENS = 'shares-tokens';

/** The patch under which a setup that fails began to hold. */
const HOLDS_SETUP = 'holds-setup';

/** The patch under which runs began to take messages by their second rules. */
const SECOND_RULES = 'second-rules';

/** The patch under which files of a task's result began to be left out when it is integrated. */
const LEAVES_OUT = 'leaves-out';

/** The patch under which checks of a result of which all was left out ceased to be the line's. */
const COUNTS_MERGED = 'counts-merged';

/** The patch under which a steer that names no task began to reach the agents that start after it. */
const STEERS_ALL = 'steers-all';

/** Takes messages by the newest rules; a run that began by others keeps them. */
export function beginMessages<S extends { rules?: 2 }>(state: S): S {
  return patched(SECOND_RULES) ? { ...state, rules: 2 } : state;
}

/** The rules by which a new refactor goes, where runs of before go by others. */
export function beginRules(before: RefactorState): RefactorState {
  const state = beginMessages(before);
  const sharing: RefactorState = patched(SHARES_TOKENS) ? { ...state, sharesTokens: true } : state;
  const holding: RefactorState = patched(HOLDS_SETUP) ? { ...sharing, holdsSetup: true } : sharing;
  const leaving: RefactorState = patched(LEAVES_OUT) ? { ...holding, leavesOut: true } : holding;
  const steering: RefactorState = patched(STEERS_ALL) ? { ...leaving, standingSteers: [] } : leaving;
  return patched(COUNTS_MERGED) ? { ...steering, countsMerged: true } : steering;
}
