/**
 * More tokens for an agent, as its refactor gives them without a person.
 * Rule: absolute amounts, so that a message that comes twice changes nothing.
 */
import type { AgentState } from './state.ts';
import { publish, say } from './work.ts';
import { closeDecision, listOpenDecisions } from '../decisions/open-decisions.ts';

/** What a refactor tells its agent: so many tokens in all. Nobody else can send it. */
export interface Share {
  verb: 'share';
  maxTokens: number;
  id?: undefined;
}

/** Whether a message that was passed on is such. */
export function isShare(message: { verb: string }): message is Share {
  return message.verb === 'share' && Number.isSafeInteger((message as Share).maxTokens);
}

/** Takes in a share: the question for more tokens is answered. */
export function takeShare(state: AgentState, at: number, { maxTokens }: Share): AgentState {
  if (state.outcome || maxTokens <= state.maxTokens) return state;
  const asked = listOpenDecisions(state.control).filter(
    ({ kind, resource }) => kind === 'budget' && resource === 'tokens',
  );
  const closed = { outcome: 'withdrawn' as const, by: 'coxswain', at, note: 'its refactor had more', bound: true };
  const control = asked.reduce((next, { id }) => closeDecision(next, id, closed), state.control);
  return publish(say({ ...state, control, maxTokens }, at, `it has ${maxTokens} tokens now`));
}
