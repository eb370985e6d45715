/**
 * Who requested a refactor, and the proof of that.
 * Rule: if policy denies self-approval and requires signatures, the start must be signed. Otherwise a person could
 * request it in another person's name, and approve it alone.
 */
import type { DecisionRules } from '../policy/approvers.ts';
import { findRuleProblems, isSame } from '../policy/approvers.ts';
import { rulesOf } from '../policy/decision-fields.ts';
import { findUnbounded } from '../policy/bounds.ts';
import type { SignatureQuestion, Verified } from '../decisions/weigh.ts';
import { weigh } from '../decisions/weigh.ts';
import { digestValue } from '../digest.ts';
import type { StartInput } from '../decisions/messages.ts';
import type { EffectivePolicy } from '../policy/policy.ts';
import type { RefactorState } from './state.ts';
import { subjectOfRequest } from '../decisions/signed-text.ts';
import { harmless } from '../text/harmless.ts';

/** The person whose key signed the start, or else the person whom the start names. */
export function requesterOf({ requester, input }: Pick<RefactorState, 'requester' | 'input'>): string | undefined {
  return requester ?? input.requestedBy;
}

/** Who asked for the run or guided its work; null if nobody is named. */
export function authorsOf(state: RefactorState): string[] | null {
  const requester = requesterOf(state);
  const guides = state.agents.flatMap(({ report }) => report?.authors ?? []);
  return requester === undefined ? null : [requester, ...state.authors, ...guides];
}

/** Digest of a start's whole input, as the run stores it. */
export function digestStart(input: StartInput): string {
  return digestValue({ ...input, goal: harmless(input.goal) });
}

/** Why a run can't follow these rules, given how it was started; undefined if it can. */
function findRequestProblem({ requester, control }: RefactorState, rules: DecisionRules): string | undefined {
  const isNeeded = rules.signatures === 'required' && rules.selfApproval === 'deny';
  if (!isNeeded || requester !== undefined || !control.place) return undefined;
  return 'policy denies self-approval (decisions.selfApproval), so the requester must sign the start: `cox run --sign-with <key>`';
}

export type RequestWeighing =
  | { kind: 'verify'; question: SignatureQuestion }
  | { kind: 'counts'; requester: string | undefined }
  | { kind: 'refused'; reason: string };

/** Weighs the start's signature by the rules in force. */
export function weighRequest(state: RefactorState, rules: DecisionRules, verified?: Verified): RequestWeighing {
  const { id, input, control, requester, startedAt } = state;
  if (requester !== undefined || input.signature === undefined || !control.place) return { kind: 'counts', requester };
  const { signature, signer, expiresAt } = input;
  if (expiresAt === undefined)
    return { kind: 'refused', reason: 'a signed start needs an expiry: add expiresAt, and sign it again' };
  const weighing = weigh({
    rules,
    subject: subjectOfRequest(id, control.place.namespace, input),
    authors: [],
    message: { verb: 'request', signature, signer, expiresAt },
    bound: true,
    at: startedAt,
    verified,
  });
  if (weighing.kind !== 'counts') return weighing;
  if (input.requestedBy !== undefined && !isSame(weighing.name, input.requestedBy))
    return { kind: 'refused', reason: `requestedBy is ${input.requestedBy}, but ${weighing.name} signed the start` };
  return { kind: 'counts', requester: weighing.name };
}

/** Why a run can't follow a policy, each reason with its field. */
export function findPolicyProblems(state: RefactorState, policy: EffectivePolicy): string[] {
  const rules = rulesOf(policy);
  const unsigned = findRequestProblem(state, rules);
  const own = unsigned === undefined ? [] : [unsigned];
  return [...own, ...findRuleProblems(rules, requesterOf(state)), ...findUnbounded(policy)];
}

/** The run with its requester once its policy is in force, and why it can't begin. */
export function openRequest(
  state: RefactorState,
  verified: Verified | undefined,
): { state: RefactorState; problems: string[] } {
  const weighing = weighRequest(state, rulesOf(state.policy), verified);
  if (weighing.kind === 'refused') return { state, problems: [weighing.reason] };
  const requester = weighing.kind === 'counts' ? weighing.requester : undefined;
  const opened: RefactorState = requester === undefined ? state : { ...state, requester };
  return { state: opened, problems: findPolicyProblems(opened, opened.policy) };
}
