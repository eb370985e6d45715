/**
 * The state that a new refactor begins with.
 * Rule: names are checked and text is escaped here, once. An older run keeps the branch name that it had.
 */
import { ApplicationFailure, patched, workflowInfo } from '@temporalio/workflow';
import type { Control } from '../core/decisions/control.ts';
import type { StartInput } from '../core/decisions/messages.ts';
import type { EffectivePolicy } from '../core/policy/policy.ts';
import { createRefactor } from '../core/refactor/next.ts';
import { digestStart } from '../core/refactor/request.ts';
import type { RefactorState } from '../core/refactor/state.ts';
import { findStartProblems } from '../core/decisions/border.ts';
import { formerBranchFor } from '../core/branch-name.ts';
import { harmless } from '../core/text/harmless.ts';

/** The patch since which runs check names, and escape text, as they come in. */
export const TEXT_BORDER = 'text-border';

/** The patch since which a network that a person allowed at a start counts for exactly that start's input. */
const NAMES_START = 'names-start';

/** A new refactor with a checked input. No other id has its branch. */
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

/** The patch since which agents get shares of the tokens, and more as they need them. */
const SHARES_TOKENS = 'shares-tokens';

/** The patch since which a failed setup holds. */
const HOLDS_SETUP = 'holds-setup';

/** The patch since which runs read messages by the second version of their rules. */
const SECOND_RULES = 'second-rules';

/** The patch since which files of a task's result can be left out of its integration. */
const LEAVES_OUT = 'leaves-out';

/** The patch since which the checks of a result that was left out completely don't count for the integration branch. */
const COUNTS_MERGED = 'counts-merged';

/** The patch since which a steer without a task also reaches agents that start later. */
const STEERS_ALL = 'steers-all';

/** The patch since which each decision is called by its own kind, and four kinds no longer share the word `scope`. */
const FOUR_KINDS = 'four-kinds';

/** The patch since which the same question of several agents needs one reply. */
const SHARES_REPLIES = 'shares-replies';

/** The patch since which receivers are told what waits for people, stalls, ends, or has used most of its budget. */
const NOTIFIES = 'notifies';

/** Lets a new run read messages and name decisions by the newest rules. An older run keeps those it began under. */
export function beginMessages<S extends { rules?: 2; control: Control }>(before: S): S {
  const state: S = patched(SECOND_RULES) ? { ...before, rules: 2 } : before;
  return patched(FOUR_KINDS) ? { ...state, control: { ...state.control, fourKinds: true } } : state;
}

/** Marks in a new refactor's state which newer rules it follows. Older runs lack the marks. */
export function beginRules(before: RefactorState): RefactorState {
  const state = beginMessages(before);
  const sharing: RefactorState = patched(SHARES_TOKENS) ? { ...state, sharesTokens: true } : state;
  const holding: RefactorState = patched(HOLDS_SETUP) ? { ...sharing, holdsSetup: true } : sharing;
  const leaving: RefactorState = patched(LEAVES_OUT) ? { ...holding, leavesOut: true } : holding;
  const steering: RefactorState = patched(STEERS_ALL) ? { ...leaving, standingSteers: [] } : leaving;
  const merging: RefactorState = patched(COUNTS_MERGED) ? { ...steering, countsMerged: true } : steering;
  const replying: RefactorState = patched(SHARES_REPLIES) ? { ...merging, replies: [] } : merging;
  return patched(NOTIFIES) ? { ...replying, notices: { told: [] } } : replying;
}
