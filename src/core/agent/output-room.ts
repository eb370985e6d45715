/**
 * How many tokens a model call may take: its input as a bound, and the room for its response.
 * Rule: reasoning counts as output, so a response gets as much room as the budget leaves, and never less than what is
 * reserved before the call.
 */
import type { AgentState } from './state.ts';
import { costAtMost } from '../price.ts';

/** The least room of a response: it is part of every reservation. */
export const RESERVED_OUTPUT_TOKENS = 16_000;
/** The most room of a response: long reasoning and a long patch fit. */
export const MAX_OUTPUT_TOKENS = 64_000;
/** Bytes of new text that count as one token in a reservation. English has about four, so this is a bound. */
const BYTES_PER_TOKEN = 2;

/** The most input tokens of the next model call. */
export function inputBoundOf({ contextTokens, newBytes }: AgentState): number {
  return contextTokens + Math.ceil(newBytes / BYTES_PER_TOKEN);
}

/** The dollars that an agent has spent: as counted, or at most by its price if some call could not be counted. */
export function usdSpent({ spend, spec }: AgentState): number {
  return spend.costUsd ?? (spec.price ? costAtMost(spec.price, spend) : 0);
}

/** The most output tokens of the next model call. Agents from before this rule have what is reserved. */
export function outputRoomOf(state: AgentState): number {
  const { roomy, spend, maxTokens } = state;
  if (!roomy) return RESERVED_OUTPUT_TOKENS;
  const input = inputBoundOf(state);
  const left = maxTokens - spend.inputTokens - spend.outputTokens - input;
  const most = Math.min(MAX_OUTPUT_TOKENS, left, affordableOutput(state, input));
  return Math.max(RESERVED_OUTPUT_TOKENS, most);
}

/** The output tokens that the dollars left pay for, after the input. */
function affordableOutput(state: AgentState, inputTokens: number): number {
  const { maxUsd, spec } = state;
  if (maxUsd === undefined || !spec.price || spec.price.outputPerMillionUsd === 0) return Infinity;
  const leftUsd = maxUsd - usdSpent(state) - costAtMost(spec.price, { inputTokens, outputTokens: 0 });
  return Math.floor((leftUsd * 1_000_000) / spec.price.outputPerMillionUsd);
}
