/**
 * The refactor's budget of tokens and dollars: reserved in the accounts that policy names, then granted agent by agent.
 * Rule: grants and spend together never exceed the budget. When it is used up, the refactor asks and says what took it.
 * What people add is reserved before it is granted. An agent gives back what it did not take.
 */
import type { Share } from '../agent/share.ts';
import type { Amount, Grant, Period, Reserved, SharedBudget } from '../budget/amounts.ts';
import { boundsOf } from '../policy/bounds.ts';
import type { Decision } from '../decisions/control.ts';
import { digestValue } from '../digest.ts';
import { listOpenDecisions, openDecision } from '../decisions/open-decisions.ts';
import { costAtMost, showUsd } from '../price.ts';
import type { ReserveShared } from './exchange.ts';
import type { AgentMirror, RefactorCommand, RefactorState } from './state.ts';
import { REVIEW_GRANT } from '../review/review.ts';
import { findWork, log } from './work.ts';

/** With less, an agent could not make one model call: its prompt and the longest response would not fit. */
const LEAST_GRANT = { inputTokens: 9000, outputTokens: 16_000 };
const LEAST_TOKENS = LEAST_GRANT.inputTokens + LEAST_GRANT.outputTokens;

/** Tokens that count for an agent: its grant while it works or if its end is unknown, then what it took. */
function chargeOf({ status, report, granted = 0 }: AgentMirror): number {
  const spent = report ? report.spend.inputTokens + report.spend.outputTokens : 0;
  return status === 'ended' && report?.outcome ? spent : Math.max(granted, spent);
}

/** The same in dollars. */
function chargeUsdOf(state: RefactorState, { status, report, grantedUsd = 0 }: AgentMirror): number {
  const own = state.prices?.own;
  const spent = report ? (report.spend.costUsd ?? (own ? costAtMost(own, report.spend) : 0)) : 0;
  return status === 'ended' && report?.outcome ? spent : Math.max(grantedUsd, spent);
}

/** Tokens of the budget that are neither spent nor granted. */
export function tokensLeft(state: RefactorState): number {
  const charged = state.agents.reduce((sum, agent) => sum + chargeOf(agent), 0);
  const { inputTokens = 0, outputTokens = 0 } = state.reviewSpend ?? {};
  const begun = state.begun?.maxTokens ?? 0;
  return usableBudget(state).tokens - charged - inputTokens - outputTokens - begun;
}

/** Whether there is a budget of money, which needs prices. */
export function hasMoney({ policy }: RefactorState): boolean {
  return boundsOf(policy).usd;
}

/** Dollars of the budget that are neither spent nor granted; undefined without such a budget. */
export function usdLeft(state: RefactorState): number | undefined {
  const { usd } = state.policy.budget;
  if (!usd || !hasMoney(state) || !state.prices) return undefined;
  const charged = state.agents.reduce((sum, agent) => sum + chargeUsdOf(state, agent), 0);
  const { reviewSpend, begun } = state;
  return usableBudget(state).usd - charged - (reviewSpend?.costUsd ?? 0) - (begun?.maxUsd ?? 0);
}

/**
 * The grant for an agent of a task with `wantedTokens`. `beside` is how many other agents could start now. Null if the
 * budget has too little left.
 */
export function grantFor(state: RefactorState, wantedTokens: number, beside = 0): Grant | null {
  const wanted = Math.min(wantedTokens, state.policy.task.maxTokens.value);
  const maxTokens = Math.min(wanted, tokensLeft(state), state.sharesTokens ? firstShare(state, beside) : wanted);
  if (maxTokens < Math.min(wanted, LEAST_TOKENS)) return null;
  const left = usdLeft(state);
  if (left === undefined) return { maxTokens };
  // An even share of the rest, so that agents can work at the same time; all of it if a share is too small.
  const running = state.agents.filter(({ status }) => status !== 'ended').length;
  const share = left / Math.max(1, state.policy.maxParallelAgents.value - running);
  const maxUsd = share >= leastUsd(state) ? share : left;
  return maxUsd >= leastUsd(state) && left >= 0 ? { maxTokens, maxUsd } : null;
}

/** If others could start too, an even share of half of the rest. The other half is for agents that need more. */
function firstShare(state: RefactorState, beside: number): number {
  const left = tokensLeft(state);
  return beside === 0 ? left : Math.max(LEAST_TOKENS, Math.floor(left / (2 * (beside + 1))));
}

/** Which agents have the tokens that are not left, in one line. */
export function describeHolders(state: RefactorState): string {
  const holders = state.agents
    .filter(({ status }) => status !== 'ended')
    .map((agent) => `${agent.id} has ${chargeOf(agent)}`);
  return [...holders, `${Math.max(0, tokensLeft(state))} tokens are left`].join(', ');
}

function leastUsd({ prices }: RefactorState): number {
  return prices ? costAtMost(prices.own, LEAST_GRANT) : 0;
}

/** Whether a review fits into what is left. */
export function canReview(state: RefactorState): boolean {
  const left = usdLeft(state);
  return tokensLeft(state) >= REVIEW_GRANT && (left === undefined || left >= reviewUsd(state));
}

function reviewUsd({ prices }: RefactorState): number {
  const price = prices?.review ?? prices?.own;
  return price ? costAtMost(price, { inputTokens: REVIEW_GRANT, outputTokens: 0 }) : 0;
}

/** Counts what a command takes of the budget from its beginning, before there is any event of it. */
export function beginCommand(state: RefactorState, command: RefactorCommand): RefactorState {
  if (!state.countsBegun) return state;
  if (command.kind === 'startAgent') {
    const { maxTokens, maxUsd } = command.spec;
    return { ...state, begun: { maxTokens, ...(maxUsd === undefined ? {} : { maxUsd }) } };
  }
  if (command.kind !== 'review') return state;
  return { ...state, begun: { maxTokens: REVIEW_GRANT, ...(hasMoney(state) ? { maxUsd: reviewUsd(state) } : {}) } };
}

/** Asks for more if work waits for budget and no running agent will give any back. */
export function askForBudget(state: RefactorState, at: number, isShort: boolean): RefactorState {
  if (!isShort || !state.agents.every(({ status }) => status === 'ended')) return state;
  const left = usdLeft(state);
  const isPoor = left !== undefined && left < Math.max(leastUsd(state), state.policy.review ? reviewUsd(state) : 0);
  return openBudget(state, at, isPoor ? 'usd' : 'tokens');
}

function openBudget(state: RefactorState, at: number, resource: 'tokens' | 'usd'): RefactorState {
  if (listOpenDecisions(state.control).some(({ kind }) => kind === 'budget')) return state;
  const about = [resource === 'usd' ? describeUsd(state) : describeTokens(state), ...listSpent(state)].join('\n');
  const decision = { kind: 'budget' as const, about, digest: digestValue({ about }), resource };
  return { ...state, control: openDecision(state.control, at, decision) };
}

function describeTokens(state: RefactorState): string {
  const { value } = state.policy.budget.tokens;
  const all = value + state.budgetAdded;
  return `${all - tokensLeft(state)} of ${all} tokens are spent; approve ${value} more?`;
}

function describeUsd(state: RefactorState): string {
  const value = state.policy.budget.usd?.value ?? 0;
  const all = value + state.usdAdded;
  return `${showUsd(all - (usdLeft(state) ?? 0))} of ${showUsd(all)} are spent; approve ${showUsd(value)} more?`;
}

/** What was spent on what. A grant that was not given back counts as spent. */
function listSpent(state: RefactorState): string[] {
  const { reviewSpend } = state;
  const money = hasMoney(state);
  return [
    ...state.agents.map(
      (agent) => `- ${agent.id}: ${chargeOf(agent)}${money ? `, ${showUsd(chargeUsdOf(state, agent))}` : ''}`,
    ),
    ...(reviewSpend ? [`- reviews: ${reviewSpend.inputTokens + reviewSpend.outputTokens}`] : []),
  ];
}

export type Raise =
  | { kind: 'raised'; state: RefactorState }
  | { kind: 'short'; left: string; wanted: string; state: RefactorState };

/**
 * Raises a running agent's grant by as much as it began with, once for each of its decisions. If too little is left,
 * says so and asks for more.
 */
export function raiseGrant(
  state: RefactorState,
  agent: AgentMirror,
  { decision, starting, at }: { decision: Pick<Decision, 'id' | 'resource'>; starting: number; at: number },
): Raise {
  // Steps cost nothing by themselves. For a decision in `raisedFor` the grant was raised already.
  if (decision.resource === 'steps' || agent.raisedFor?.includes(decision.id)) return { kind: 'raised', state };
  const raisedFor = state.countsBegun ? { raisedFor: [...(agent.raisedFor ?? []), decision.id].slice(-20) } : {};
  const change = (changed: Partial<AgentMirror>): Raise => ({
    kind: 'raised',
    state: {
      ...state,
      agents: state.agents.map((other) => (other.id === agent.id ? { ...other, ...raisedFor, ...changed } : other)),
    },
  });
  if (decision.resource === 'usd') {
    const [wanted, left] = [agent.firstUsd ?? 0, usdLeft(state) ?? 0];
    if (wanted <= left) return change({ grantedUsd: (agent.grantedUsd ?? 0) + wanted });
    return { kind: 'short', left: showUsd(left), wanted: showUsd(wanted), state: openBudget(state, at, 'usd') };
  }
  const [wanted, left] = [agent.first ?? 0, tokensLeft(state) - starting];
  if (wanted <= left) return change({ granted: (agent.granted ?? 0) + wanted });
  return { kind: 'short', left: `${left} tokens`, wanted: `${wanted} tokens`, state: openBudget(state, at, 'tokens') };
}

/** Raises the budget that a person was asked about by policy's amount. */
export function addBudget(state: RefactorState, { resource }: Pick<Decision, 'resource'>): RefactorState {
  const { tokens, usd } = state.policy.budget;
  if (resource === 'usd') return { ...state, usdAdded: state.usdAdded + (usd?.value ?? 0) };
  return { ...state, budgetAdded: state.budgetAdded + tokens.value };
}

/**
 * Gives more tokens to agents that ask for them, within their tasks' limits and what is left. No person is asked, since
 * plan and budget already allow it. Amounts are absolute, so that a repeated message changes nothing.
 */
export function shareTokens(state: RefactorState, at: number): RefactorState {
  if (!state.sharesTokens || state.outcome) return state;
  return state.agents.reduce((next, agent) => giveMore(next, at, agent.id), state);
}

function giveMore(state: RefactorState, at: number, id: string): RefactorState {
  const agent = state.agents.find((one) => one.id === id);
  const work = findWork(state, id);
  const asked = agent?.report?.decisions.find(({ kind, resource }) => kind === 'budget' && resource === 'tokens');
  if (!agent || !work || agent.status !== 'running' || !asked || agent.raisedFor?.includes(asked.id)) return state;
  const { granted = 0, first = 0, raisedFor = [] } = agent;
  const wanted = Math.min(work.task.maxTokens, state.policy.task.maxTokens.value) - granted;
  const more = Math.min(wanted, Math.max(first, LEAST_TOKENS), tokensLeft(state));
  if (more < Math.min(wanted, LEAST_TOKENS) || more <= 0) return state;
  const maxTokens = granted + more;
  const raised = { ...agent, granted: maxTokens, raisedFor: [...raisedFor, asked.id].slice(-20) };
  const message: Share = { verb: 'share', maxTokens };
  const given: RefactorState = {
    ...state,
    agents: state.agents.map((one) => (one.id === id ? raised : one)),
    forwards: [...state.forwards, { agent: id, message }],
  };
  return log(given, at, `${work.task.id} has ${maxTokens} tokens now, ${tokensLeft(given)} are left`);
}

/** Everything that this refactor may take. */
function budgetOf({ policy, budgetAdded, usdAdded }: RefactorState): Amount {
  return { tokens: policy.budget.tokens.value + budgetAdded, usd: (policy.budget.usd?.value ?? 0) + usdAdded };
}

/** The part of the budget that can be granted: what is reserved, or everything if no account is shared. */
function usableBudget(state: RefactorState): Amount {
  const all = budgetOf(state);
  if ((state.policy.sharedBudgets?.value.length ?? 0) === 0) return all;
  const { tokens = 0, usd = 0 } = state.reserved ?? {};
  return { tokens: Math.min(all.tokens, tokens), usd: Math.min(all.usd, usd) };
}

/** The reservation to make before anything else; undefined if there is none to make. */
export function orderReservation(state: RefactorState): RefactorCommand | undefined {
  const accounts = state.policy.sharedBudgets?.value ?? [];
  if (accounts.length === 0) return undefined;
  const { reserved } = state;
  const all = budgetOf(state);
  const isNew = accounts.some(({ account, per }) => !isAmong(reserved?.accounts, account, per));
  if (reserved && !isNew && all.tokens <= reserved.tokens && all.usd <= reserved.usd) return undefined;
  return { kind: 'reserve', input: { accounts, ...all, before: reserved ?? null } };
}

export function isAmong(accounts: readonly SharedBudget[] | undefined, account: string, per: Period): boolean {
  return accounts?.some((one) => one.account === account && one.per === per) === true;
}

/** What is reserved after a reservation. Accounts that policy no longer names are still settled at the end. */
export function takeReserved({ accounts, tokens, usd, before }: ReserveShared): Reserved {
  const dropped = before?.accounts.filter(({ account, per }) => !isAmong(accounts, account, per)) ?? [];
  return { accounts: [...accounts, ...dropped], tokens, usd };
}
