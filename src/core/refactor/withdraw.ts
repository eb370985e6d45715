/**
 * What a refactor does with `withdraw` and `edit`: it changes a steer that still waits here, and passes the message on
 * to each agent that has the steer and has not said that it was read.
 * Rule: agents that start later get the steer as it is then.
 */
import type { MessageOf } from '../decisions/messages.ts';
import type { Receipt } from '../decisions/control.ts';
import { editReceipt, isPending, updateReceipts } from '../decisions/receipts.ts';
import type { MessageOutcome } from '../decisions/receive.ts';
import { describeTakenBack, findWaitingSteer } from '../decisions/waiting-steers.ts';
import type { RefactorState } from './state.ts';
import { listRunning, log, passOn } from './work.ts';

type Change = MessageOf<'withdraw'> | MessageOf<'edit'>;

export function changeSteerOfRefactor(
  before: RefactorState,
  message: Change,
  at: number,
): MessageOutcome<RefactorState> {
  const refused = (detail: string): MessageOutcome<RefactorState> => ({ kind: 'refused', detail, state: before });
  const steer = findWaitingSteer(before.control, message.steer);
  if (typeof steer === 'string') return refused(steer);
  const { heldSteers, standingSteers = [] } = before;
  const waitsHere = [...heldSteers, ...standingSteers].some(({ id }) => id === steer.id);
  const agents = listRunning(before).filter(({ id }) => hasUnread(steer, id));
  if (!waitsHere && agents.length === 0) return refused(`it is not waiting any more: ${steer.detail}`);
  const by = message.by ?? 'unknown';
  const what = message.verb === 'withdraw' ? describeTakenBack(by) : `edited by ${by}: ${message.text}`;
  const changed = log(changeHere(before, steer.id, message), at, `steer ${steer.id} ${what}`);
  // Agents look for exactly this id, also where the person typed its beginning.
  if (agents.length > 0) return passOn(changed, agents, { ...message, steer: steer.id }, 'passed on to');
  if (message.verb === 'edit')
    return { kind: 'applied', detail: 'edited: agents that start later read the new words', state: changed };
  // Some agents may have read it.
  const became = steer.told && Object.values(steer.told).some(({ state }) => state === 'delivered');
  const detail = became
    ? `${steer.detail}; ${describeTakenBack(by)} for agents that start later`
    : describeTakenBack(by);
  const control = updateReceipts(changed.control, [steer.id], became ? 'delivered' : 'withdrawn', detail);
  const who = became ? `agents that start later don't get it; ${steer.detail}` : 'no model call reads it';
  return { kind: 'applied', detail: `taken back: ${who}`, state: { ...changed, control } };
}

/** Whether an agent has the steer, and has not said what became of it. Older receipts don't tell agents apart. */
function hasUnread({ told, state }: Receipt, agent: string): boolean {
  if (!told) return state === 'forwarded';
  const part = told[agent];
  return part !== undefined && isPending(part);
}

function changeHere(state: RefactorState, id: string, message: Change): RefactorState {
  const change = <S extends { id?: string | undefined; text: string }>(steers: readonly S[]): S[] =>
    message.verb === 'withdraw'
      ? steers.filter((steer) => steer.id !== id)
      : steers.map((steer) => (steer.id === id ? { ...steer, text: message.text, by: message.by } : steer));
  const steering = state.steering.flatMap((said) => {
    if (said.id !== id) return [said];
    return message.verb === 'withdraw' ? [] : [{ ...said, text: message.text, by: message.by ?? 'unknown' }];
  });
  return {
    ...state,
    steering,
    heldSteers: change(state.heldSteers),
    ...(state.standingSteers ? { standingSteers: change(state.standingSteers) } : {}),
    control: message.verb === 'edit' ? editReceipt(state.control, id, message.text) : state.control,
  };
}
