/**
 * More of the refactor's tokens for an agent that needs them, up to its task's `maxTokens`. No person is asked, since
 * plan and budget already allow it.
 * Rule: amounts are absolute, so that a repeated message changes nothing; and never more than is left.
 */
import type { Share } from '../agent/share.ts';
import { LEAST_TOKENS, tokensLeft } from './budget.ts';
import type { RefactorState } from './state.ts';
import { findWork, log } from './work.ts';

/** Gives more tokens to agents that ask for them, within their tasks' limits and what is left. */
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
