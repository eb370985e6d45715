/**
 * More tokens for an agent, which its refactor gives without a person.
 * Rule: amounts are absolute, so that a repeated message changes nothing.
 */
import type { AgentState } from './state.ts';
import { publish, say } from './work.ts';
import { closeDecision, listOpenDecisions } from '../decisions/open-decisions.ts';

/** From a refactor to its agent: the agent's tokens in all. Nobody else can send it. */
export interface Share {
  verb: 'share';
  maxTokens: number;
  id?: undefined;
}

/** Whether a message from the refactor is a share. */
export function isShare(message: { verb: string }): message is Share {
  return message.verb === 'share' && Number.isSafeInteger((message as Share).maxTokens);
}

/** Applies a share. It answers the open question for more tokens. */
export function takeShare(state: AgentState, at: number, { maxTokens }: Share): AgentState {
  if (state.outcome || maxTokens <= state.maxTokens) return state;
  const asked = listOpenDecisions(state.control).filter(
    ({ kind, resource }) => kind === 'budget' && resource === 'tokens',
  );
  const closed = { outcome: 'withdrawn' as const, by: 'coxswain', at, note: 'its refactor had more', bound: true };
  const control = asked.reduce((next, { id }) => closeDecision(next, id, closed), state.control);
  return publish(say({ ...state, control, maxTokens }, at, `it has ${maxTokens} tokens now`));
}
