/**
 * The results of queries, for people: small, readable in the Temporal CLI and UI, with stable field names.
 * Rule: views show the state and never change it.
 */
import { nextAgentCommand } from '../agent/next.ts';
import type { AgentRow, TaskView } from './agent-rows.ts';
import { listAgents, viewTask } from './agent-rows.ts';
import type { AgentCommand, AgentState } from '../agent/state.ts';
import type { Answers } from '../decisions/answers.ts';
import { answersOfAgent, answersOfRefactor } from '../decisions/answers.ts';
import type { DecisionRules } from '../policy/approvers.ts';
import { dueAt, listDeciders, quorumOf, riskOf } from '../policy/approvers.ts';
import { rulesOf } from '../policy/decision-fields.ts';
import { boundsOf } from '../policy/bounds.ts';
import { describeHolders } from '../refactor/budget.ts';
import type { Control, Decision } from '../decisions/control.ts';
import type { ShownKind } from '../policy/decision-kinds.ts';
import { shownKindOf } from '../policy/decision-kinds.ts';
import { nameOf } from '../decisions/weigh.ts';
import type { Evidence } from '../evidence.ts';
import { describeResult } from '../evidence.ts';
import { listOpenDecisions } from '../decisions/open-decisions.ts';
import type { Place } from '../place.ts';
import { showFailing } from '../notices/due.ts';
import { nextRefactorCommand } from '../refactor/next.ts';
import { listAllOpen } from '../refactor/work.ts';
import type { RefactorState } from '../refactor/state.ts';
import type { Risk } from '../risk.ts';
import type { SubjectText } from '../decisions/signed-text.ts';
import { describeSubject } from '../decisions/signed-text.ts';
import { showTrouble } from '../trouble.ts';
import { describeWaiting } from '../decisions/waiting.ts';

/** Most receipts that `status` shows, the newest ones. */
const RECEIPTS_SHOWN = 20;

export interface NeedView {
  id: string;
  kind: ShownKind;
  /** The task that it is about, where it is about one. */
  task?: string;
  about: string;
  digest: string;
  owner?: string;
  /** When it was opened, in milliseconds. Signed texts contain it. */
  openedAt: number;
  risk: Risk;
  signatures: 'required' | 'optional';
  /** What each answer does. Left out for a question, which is answered in words. */
  does?: Answers;
  /** Who may decide. Left out if anyone may. */
  mayDecide?: string[];
  /** Approvals so far, out of how many. Left out if one is enough. */
  approvals?: string;
  /** What happens if nobody decides, and when; or what has already happened. */
  silence?: string;
  /** The fields of the signed text that name this decision. Shown if policy lists approvers. */
  toSign?: SubjectText;
}

export interface RefactorStatus {
  id: string;
  goal: string;
  repository: string;
  state: string;
  waitingFor: string | null;
  needs: NeedView[];
  hold: string | null;
  /** Why it ended, if there is more to say than its state. Older workers leave it out. */
  ended?: string;
  trouble: string | null;
  paused: string | null;
  base: string | null;
  branch: string;
  line: string | null;
  plan: string | null;
  tasks: TaskView[];
  /** All agents that work, and all rivals of a fork. Older workers leave it out. */
  agents?: AgentRow[];
  isolation: string;
  notes: string[];
  evidence: string[];
  spend: RefactorState['spend'];
  /** Which agents have the budget's tokens, if some do. */
  tokens?: string;
  /** The place that a signed message must name if it is about no open decision. Shown if policy lists approvers. */
  place?: Place;
  receipts: Control['receipts'];
}

export interface AgentStatus {
  id: string;
  task: string;
  /** The refactor that it works for. Older workers leave it out. */
  refactor?: string | null;
  kind: string;
  state: string;
  step: number;
  maxSteps: number;
  head: string | null;
  /** The commit that its task starts from; left out by workers from before that. */
  start?: string;
  doing: string | null;
  needs: NeedView[];
  hold: string | null;
  trouble: string | null;
  /** The host of its workspace. */
  host: string | null;
  paused: string | null;
  isolation: string;
  checkpoints: { step: number; head: string; what: string }[];
  evidence: string[];
  spend: AgentState['spend'];
  place?: Place;
  receipts: Control['receipts'];
}

/** An open decision with what policy says about it. */
function showNeed(
  decision: Decision,
  rules: DecisionRules,
  { workflow, does }: { workflow: string; does: Answers | undefined },
): NeedView {
  const { id, kind, task, about, digest, owner, openedAt, approvals = [] } = decision;
  const mayDecide = listDeciders(rules, decision);
  const quorum = quorumOf(rules, kind);
  const names = approvals.map(nameOf).join(', ');
  const silence = showSilence(decision, rules);
  return {
    id,
    kind: shownKindOf(decision),
    ...(task === undefined ? {} : { task }),
    about,
    digest,
    ...(owner === undefined ? {} : { owner }),
    openedAt,
    risk: riskOf(decision),
    signatures: rules.signatures,
    ...(does === undefined ? {} : { does }),
    ...(mayDecide === null ? {} : { mayDecide }),
    ...(quorum === 1 ? {} : { approvals: `${approvals.length} of ${quorum}${names ? `: ${names}` : ''}` }),
    ...(silence === null ? {} : { silence }),
    ...(rules.approvers === null ? {} : { toSign: describeSubject({ ...decision, workflow: owner ?? workflow }) }),
  };
}

/** An open decision of a refactor or of one of its agents. */
export function needOf(state: RefactorState, decision: Decision): NeedView {
  const isOwn = decision.owner === undefined;
  const does = isOwn ? answersOfRefactor(decision, state) : answersOfAgent(decision);
  return showNeed(decision, rulesOf(state.policy), { workflow: state.id, does });
}

function showPlace({ place }: Control, { approvers }: DecisionRules): { place?: Place } {
  return place && approvers !== null ? { place } : {};
}

function showSilence(decision: Decision, rules: DecisionRules): string | null {
  const at = dueAt(rules, decision);
  if (at !== null) return `${rules.silence[decision.kind]?.means} at ${new Date(at).toISOString()}`;
  if (decision.overdueAt === undefined) return null;
  const effect = decision.escalatedTo ? `escalated to ${decision.escalatedTo.join(', ')}` : 'overdue';
  return `${effect} since ${new Date(decision.overdueAt).toISOString()}`;
}

function showPause(control: Control): string | null {
  if (!control.paused) return null;
  return `by ${control.paused.by}${control.paused.reason ? `: ${control.paused.reason}` : ''}`;
}

/** One line for each result: the result and the judged tree, then the command, which somebody else wrote. */
function showEvidence(evidence: readonly Evidence[]): string[] {
  return evidence.map((result) => `${describeResult(result)}: ${result.command}`);
}

export function viewRefactor(state: RefactorState): RefactorStatus {
  const next = nextRefactorCommand(state);
  return {
    id: state.id,
    goal: state.input.goal,
    repository: state.input.repository,
    state: refactorState(state),
    waitingFor: next.kind === 'wait' ? describeWaiting(next.why) : null,
    needs: listAllOpen(state).map((decision) => needOf(state, decision)),
    hold: state.hold?.reason ?? null,
    ...showEnd(state.outcome),
    trouble: showTrouble(state.trouble) ?? showFailing(state),
    paused: showPause(state.control),
    base: state.prepared?.commit ?? null,
    branch: state.branch,
    line: state.line,
    plan: state.plan
      ? `version ${state.plan.version} by ${state.plan.by}, ${state.plan.approvedBy ? `approved by ${state.plan.approvedBy}` : 'not approved'}`
      : null,
    tasks: [...state.tasks, ...(state.extra ? [state.extra] : [])].map((task) => viewTask(state, task)),
    agents: listAgents(state),
    isolation: state.prepared?.isolation ?? 'not known yet',
    notes: state.prepared?.notes ?? [],
    evidence: showEvidence(state.evidence),
    spend: state.spend,
    ...showTokens(state),
    ...showPlace(state.control, rulesOf(state.policy)),
    receipts: state.control.receipts.slice(-RECEIPTS_SHOWN),
  };
}

function showTokens(state: RefactorState): { tokens?: string } {
  const isLimited = boundsOf(state.policy).tokens && state.agents.some(({ status }) => status !== 'ended');
  return isLimited ? { tokens: describeHolders(state) } : {};
}

/** How a run ended, in one word. A run that Temporal cancelled is `cancelled`. */
function endOf({ endsCancelled }: { endsCancelled?: true }, outcome: { kind: string; cancelled?: true }): string {
  return endsCancelled && outcome.cancelled ? 'cancelled' : outcome.kind;
}

function showEnd(outcome: RefactorState['outcome']): { ended?: string } {
  if (!outcome || outcome.kind === 'done') return {};
  return { ended: outcome.kind === 'stopped' ? `${outcome.by}: ${outcome.reason}` : outcome.reason };
}

/** A refactor's value of the search attribute `CoxState`. */
export function refactorState(state: RefactorState): string {
  if (state.outcome) return endOf(state, state.outcome);
  if (state.control.paused) return 'paused';
  if (state.hold) return 'holds';
  return state.phase;
}

/** What an agent does now, in one line. */
function describeDoing(next: AgentCommand): string {
  if (next.kind === 'wait') return `waits for ${describeWaiting(next.why)}`;
  return next.kind === 'act' ? next.summary : next.kind;
}

export function viewAgent(state: AgentState): AgentStatus {
  return {
    id: state.id,
    task: state.spec.task,
    refactor: state.spec.refactor,
    kind: state.spec.kind,
    state: agentState(state),
    step: state.step,
    maxSteps: state.maxSteps,
    head: state.head,
    start: state.spec.start,
    doing: describeDoing(nextAgentCommand(state)),
    needs: listOpenDecisions(state.control).map((decision) =>
      showNeed(decision, rulesOf(state.spec.policy), { workflow: state.id, does: answersOfAgent(decision) }),
    ),
    hold: state.hold?.reason ?? null,
    trouble: showTrouble(state.trouble),
    host: state.host ?? null,
    paused: showPause(state.control),
    isolation: state.spec.isolation,
    checkpoints: state.checkpoints,
    evidence: showEvidence(state.evidence),
    spend: state.spend,
    ...showPlace(state.control, rulesOf(state.spec.policy)),
    receipts: state.control.receipts.slice(-RECEIPTS_SHOWN),
  };
}

/** An agent's value of the search attribute `CoxState`. */
export function agentState(state: AgentState): string {
  if (state.outcome) return endOf(state, state.outcome);
  if (state.control.paused) return 'paused';
  if (state.hold) return 'holds';
  return listOpenDecisions(state.control).length > 0 ? 'asks' : 'working';
}

/**
 * The value of the search attribute `CoxNeeds`: kinds of open decisions rather than ids, so that there are few values;
 * `overdue` or `escalated`; and `resume` if the run holds.
 */
export function listNeeds(open: readonly Decision[], hold: unknown): string[] {
  const needs = open.flatMap((decision): string[] => {
    const late = decision.escalatedTo ? 'escalated' : 'overdue';
    return [shownKindOf(decision), ...(decision.overdueAt === undefined ? [] : [late])];
  });
  return [...new Set<string>([...needs, ...(hold ? ['resume'] : [])])].toSorted();
}
