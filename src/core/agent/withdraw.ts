/**
 * What an agent does with `withdraw` and `edit`: a steer that waits for its next model call goes, or gets other words.
 * Rule: a steer that a model call is reading or has read stays as it is, and its sender is told so.
 */
import type { AgentState } from './state.ts';
import type { Steer } from './step.ts';
import { publish, say } from './work.ts';
import { rulesOf } from '../policy/decision-fields.ts';
import type { MessageOf } from '../decisions/messages.ts';
import { isClaim } from '../decisions/orders.ts';
import { editReceipt, updateReceipts } from '../decisions/receipts.ts';
import type { MessageOutcome } from '../decisions/receive.ts';
import { findFullQueue } from '../decisions/steer-queue.ts';
import { describeTakenBack, findWaitingSteer } from '../decisions/waiting-steers.ts';

/** A steer as it waits for the next model call: in the words and the name of a message. */
export function toSteer(state: AgentState, id: string, message: MessageOf<'steer'> | MessageOf<'edit'>): Steer {
  const { text, by = 'unknown' } = message;
  const claim = isClaim(message, state.control, rulesOf(state.spec.policy)) ? { claim: true as const } : {};
  return { id, text, by, ...claim };
}

export function changeSteerOfAgent(
  state: AgentState,
  message: MessageOf<'withdraw'> | MessageOf<'edit'>,
  at: number,
): MessageOutcome<AgentState> {
  const refused = (detail: string): MessageOutcome<AgentState> => ({ kind: 'refused', detail, state });
  const steer = findWaitingSteer(state.control, message.steer);
  if (typeof steer === 'string') return refused(steer);
  const { id, detail } = steer;
  if (state.reading?.includes(id))
    return refused(`model call ${state.step} is reading it: send another steer, or rewind to the step before`);
  if (!state.steers.some((waiting) => waiting.id === id)) return refused(`it is not waiting any more: ${detail}`);
  const by = message.by ?? 'unknown';
  const others = state.steers.filter((waiting) => waiting.id !== id);
  if (message.verb === 'withdraw') {
    const control = updateReceipts(state.control, [id], 'withdrawn', describeTakenBack(by));
    const without = say({ ...state, control, steers: others }, at, `steer ${id} ${describeTakenBack(by)}`);
    return { kind: 'applied', detail: 'taken back: no model call reads it', state: publish(without) };
  }
  const full = findFullQueue(state.control, others, message);
  if (full !== undefined) return refused(full);
  const steers = state.steers.map((waiting) => (waiting.id === id ? toSteer(state, id, message) : waiting));
  const control = editReceipt(state.control, id, message.text);
  const edited = say({ ...state, control, steers }, at, `steer ${id} edited by ${by}: ${message.text}`);
  return { kind: 'applied', detail: 'edited: the next model call reads the new words', state: publish(edited) };
}
