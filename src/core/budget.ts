/**
 * The refactor's budget of tokens: each agent is granted its share before it starts, and gives back what it left.
 * Rule: what is granted and spent together never exceeds the budget; at its end the refactor asks, and says on what it
 * went.
 */
import { listOpenDecisions, openDecision } from './control.ts';
import { digestValue } from './digest.ts';
import type { AgentMirror, RefactorState } from './refactor-state.ts';

/** Below this an agent could make no model call: its prompt and the longest answer would not fit. */
const LEAST_GRANT = 25_000;

/** Tokens that an agent stands for: its grant while it works or when its end is unknown, then what it took. */
function chargeOf({ status, report, granted = 0 }: AgentMirror): number {
  const spent = report ? report.spend.inputTokens + report.spend.outputTokens : 0;
  return status === 'ended' && report?.outcome ? spent : Math.max(granted, spent);
}

/** Tokens of the budget that are neither spent nor granted. */
export function tokensLeft(state: RefactorState): number {
  const charged = state.agents.reduce((sum, agent) => sum + chargeOf(agent), 0);
  const { inputTokens = 0, outputTokens = 0 } = state.reviewSpend ?? {};
  return state.policy.budget.tokens.value + (state.budgetAdded ?? 0) - charged - inputTokens - outputTokens;
}

/** What an agent for this task is granted; null where the budget has too little left for one. */
export function grantFor(state: RefactorState, maxTokens: number): number | null {
  const wanted = Math.min(maxTokens, state.policy.task.maxTokens.value);
  const grant = Math.min(wanted, tokensLeft(state));
  return grant >= Math.min(wanted, LEAST_GRANT) ? grant : null;
}

/** Asks for more where work waits for tokens that no running agent will give back. */
export function askForBudget(state: RefactorState, at: number, isShort: boolean): RefactorState {
  return isShort && state.agents.every(({ status }) => status === 'ended') ? openBudget(state, at) : state;
}

function openBudget(state: RefactorState, at: number): RefactorState {
  if (listOpenDecisions(state.control).some(({ kind }) => kind === 'budget')) return state;
  const { value } = state.policy.budget.tokens;
  const all = value + (state.budgetAdded ?? 0);
  const spent = state.agents.map((agent) => `- ${agent.id}: ${chargeOf(agent)}`);
  const about = [`${all - tokensLeft(state)} of ${all} tokens are spent; approve ${value} more?`, ...spent].join('\n');
  const digest = digestValue({ about });
  return { ...state, control: openDecision(state.control, at, { name: 'budget', kind: 'budget', about, digest }) };
}

/** Grants a running agent as much again as it began with, or says what is left and asks for more. */
export function raiseGrant(
  state: RefactorState,
  agent: AgentMirror,
  { starting, at }: { starting: number; at: number },
): { kind: 'raised'; state: RefactorState } | { kind: 'short'; left: number; wanted: number; state: RefactorState } {
  const wanted = agent.first ?? 0;
  const left = tokensLeft(state) - starting;
  if (wanted > left) return { kind: 'short', left, wanted, state: openBudget(state, at) };
  const agents = state.agents.map((other) =>
    other.id === agent.id ? { ...other, granted: (other.granted ?? 0) + wanted } : other,
  );
  return { kind: 'raised', state: { ...state, agents } };
}
