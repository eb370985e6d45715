/**
 * An agent's budget: before each model call there must be enough for it, or a person is asked.
 * Rule: a bound is reserved before each call, and replaced by what was counted. A call that nobody could count is
 * charged at its whole bound.
 */
import { nextAgentCommand } from './next.ts';
import { inputBoundOf, outputRoomOf, RESERVED_OUTPUT_TOKENS, usdSpent } from './output-room.ts';
import type { AgentState } from './state.ts';
import { publish, say } from './work.ts';
import { digestValue } from '../digest.ts';
import { openDecision } from '../decisions/open-decisions.ts';
import type { Price } from '../price.ts';
import { costAtMost, showUsd } from '../price.ts';
import { REVIEW_GRANT } from '../review/review.ts';
import type { Spend } from '../spend.ts';

/** The reservation for a model call, and the price that turns it into dollars. */
interface Bound {
  inputTokens: number;
  outputTokens: number;
  price: Price | undefined;
}

/** The most that the next model call may take, as it is charged if nobody knows what it took. */
function boundOf(state: AgentState): Bound {
  const { pending, spec } = state;
  if (pending?.gate === 'reviewing')
    return { inputTokens: REVIEW_GRANT, outputTokens: 0, price: spec.reviewPrice ?? spec.price };
  return { inputTokens: inputBoundOf(state), outputTokens: outputRoomOf(state), price: spec.price };
}

/** The part of a budget that is too small for the next model call. */
export type Short = { resource: 'steps' | 'tokens' | 'usd'; about: string };

/** What the next model call would exceed; undefined if it fits. */
function findShort(state: AgentState): Short | undefined {
  const { step, maxSteps, maxTokens, maxUsd, spec } = state;
  if (step > maxSteps)
    return { resource: 'steps', about: `all ${maxSteps} steps are used; approve ${spec.maxSteps} more?` };
  // The call gets more room than this only if the budget has it.
  const { outputTokens, ...most } = boundOf(state);
  const bound = { ...most, outputTokens: Math.min(outputTokens, RESERVED_OUTPUT_TOKENS) };
  const spent = state.spend.inputTokens + state.spend.outputTokens;
  const reserve = bound.inputTokens + bound.outputTokens;
  if (spent + reserve > maxTokens) {
    const need = `the next call may need ${reserve}; approve ${spec.maxTokens} more?`;
    return { resource: 'tokens', about: `${spent} of ${maxTokens} tokens are spent and ${need}` };
  }
  if (maxUsd === undefined || !bound.price) return undefined;
  const [spentUsd, reserveUsd] = [usdSpent(state), costAtMost(bound.price, bound)];
  if (spentUsd + reserveUsd <= maxUsd) return undefined;
  const need = `the next call may cost ${showUsd(reserveUsd)}; approve ${showUsd(spec.maxUsd ?? 0)} more?`;
  return { resource: 'usd', about: `${showUsd(spentUsd)} of ${showUsd(maxUsd)} are spent and ${need}` };
}

/** Opens a budget decision if the next model call would not fit. The loop calls this before each command. */
export function reserveBudget(state: AgentState, at: number): AgentState {
  if (!['think', 'review'].includes(nextAgentCommand(state).kind)) return state;
  const short = findShort(state);
  if (!short) return state;
  const { resource, about } = short;
  const control = openDecision(state.control, at, {
    kind: 'budget',
    task: state.spec.task,
    about,
    digest: digestValue({ about }),
    resource,
  });
  return publish({ ...state, control });
}

/** Raises what ran out by as much as the agent began with. */
export function raiseBudget(state: AgentState, resource: Short['resource'] | undefined): AgentState {
  const { spec, maxSteps, maxTokens, maxUsd } = state;
  // Decisions from before budgets of dollars do not name their resource.
  const of = resource ?? (state.step > maxSteps ? 'steps' : 'tokens');
  if (of === 'steps') return { ...state, maxSteps: maxSteps + spec.maxSteps };
  if (of === 'tokens') return { ...state, maxTokens: maxTokens + spec.maxTokens };
  return { ...state, maxUsd: (maxUsd ?? 0) + (spec.maxUsd ?? 0) };
}

/** Charges model calls that were lost at the whole reservation of each. */
export function chargeLost(state: AgentState, at: number, calls: number): AgentState {
  if (calls === 0) return state;
  const { inputTokens, outputTokens, price } = boundOf(state);
  const lost = { inputTokens: inputTokens * calls, outputTokens: outputTokens * calls };
  const spend: Spend = {
    ...state.spend,
    inputTokens: state.spend.inputTokens + lost.inputTokens,
    outputTokens: state.spend.outputTokens + lost.outputTokens,
    costUsd: addCost(state.spend, lost, price),
    modelCalls: state.spend.modelCalls + calls,
  };
  const what = `${calls} model ${calls === 1 ? 'call was' : 'calls were'} lost on the way`;
  return say({ ...state, spend }, at, `${state.step} ${what}: charged ${lost.inputTokens + lost.outputTokens} tokens`);
}

/** What is spent with the cost of further tokens; null if that is not known. A model that cost nothing so far is free. */
function addCost(
  { costUsd, modelCalls }: Spend,
  tokens: { inputTokens: number; outputTokens: number },
  price: Price | undefined,
): number | null {
  if (costUsd === null) return null;
  if (!price) return costUsd === 0 && modelCalls > 0 ? 0 : null;
  return costUsd + costAtMost(price, tokens);
}
