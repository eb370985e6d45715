/**
 * What a refactor does with `withdraw` and `edit`: it changes a steer that still waits here, and passes the message on
 * to each agent that has the steer and has not said that it was read.
 * Rule: agents that start later get the steer as it is then.
 */
import type { MessageOf } from '../decisions/messages.ts';
import type { Receipt } from '../decisions/control.ts';
import { editReceipt, isPending, updateReceipts } from '../decisions/receipts.ts';
import type { MessageOutcome } from '../decisions/receive.ts';
import { isClaim } from '../decisions/orders.ts';
import { MAX_STEER_SHOWN } from '../decisions/steer-queue.ts';
import { rulesOf } from '../policy/decision-fields.ts';
import { clipText } from '../text/lines.ts';
import { describeTakenBack, findWaitingSteer } from '../decisions/waiting-steers.ts';
import type { RefactorState } from './state.ts';
import { listRunning, log, passOn } from './work.ts';

type Steer = MessageOf<'steer'>;
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
  const wasRead = Object.values(steer.told ?? {}).some(({ state }) => state === 'delivered');
  const heard = agents.length > 0 || wasRead;
  const changed = log(changeHere(before, steer.id, message, { at, heard }), at, `steer ${steer.id} ${what}`);
  // Agents look for exactly this id, also where the person typed its beginning.
  if (agents.length > 0) return passOn(changed, agents, { ...message, steer: steer.id }, 'passed on to');
  if (message.verb === 'edit')
    return { kind: 'applied', detail: 'edited: agents that start later read the new words', state: changed };
  const detail = wasRead
    ? `${steer.detail}; ${describeTakenBack(by)} for agents that start later`
    : describeTakenBack(by);
  const control = updateReceipts(changed.control, [steer.id], wasRead ? 'delivered' : 'withdrawn', detail);
  const who = wasRead ? `agents that start later don't get it; ${steer.detail}` : 'no model call reads it';
  return { kind: 'applied', detail: `taken back: ${who}`, state: { ...changed, control } };
}

/** Whether an agent has the steer, and has not said what became of it. Older receipts don't tell agents apart. */
function hasUnread({ told, state }: Receipt, agent: string): boolean {
  if (!told) return state === 'forwarded';
  const part = told[agent];
  return part !== undefined && isPending(part);
}

/** The refactor's own copies of the steer, and what the report says of it. `heard`: agents have it, or have read it. */
function changeHere(
  state: RefactorState,
  id: string,
  message: Change,
  { at, heard }: { at: number; heard: boolean },
): RefactorState {
  const change = (steers: readonly Steer[]): Steer[] =>
    steers.flatMap((steer) => {
      if (steer.id !== id) return [steer];
      return message.verb === 'withdraw' ? [] : [reword(steer, message)];
    });
  const steering = heard ? state.steering : state.steering.filter((said) => said.id !== id);
  return {
    ...state,
    steering: message.verb === 'edit' ? noteSaid({ ...state, steering }, { ...message, id }, at) : steering,
    heldSteers: change(state.heldSteers),
    ...(state.standingSteers ? { standingSteers: change(state.standingSteers) } : {}),
    control: message.verb === 'edit' ? editReceipt(state.control, id, message.text) : state.control,
  };
}

/** The same steer in the words and with the signature of its edit. */
function reword({ id, to, interrupt }: Steer, { text, by, signature, signer, expiresAt }: MessageOf<'edit'>): Steer {
  return { verb: 'steer', id, to, interrupt, text, by, signature, signer, expiresAt };
}

/** Most entries of what people said that the report lists, the newest ones. */
const MAX_SAID = 100;

/** What the report lists, with a steer or its edit. */
export function noteSaid(
  { steering, control, policy }: Pick<RefactorState, 'steering' | 'control' | 'policy'>,
  message: Steer | MessageOf<'edit'>,
  at: number,
): RefactorState['steering'] {
  const { id, by = 'unknown', text } = message;
  const claim = isClaim(message, control, rulesOf(policy)) ? { claim: true as const } : {};
  return [...steering, { id, at, by, text: clipText(text, MAX_STEER_SHOWN), ...claim }].slice(-MAX_SAID);
}
