/**
 * Receipts: what happened to each message, and the answer to its sender.
 * Rule: every message leaves a receipt, and an id counts once, also after continue-as-new.
 */
import type { Receipt, Control } from './control.ts';

/** Most receipts and ids. Older ones are in the history. */
const MAX_RECEIPTS = 200;
const MAX_APPLIED_IDS = 1000;

/** The answer to a message, as its update returns it. */
export interface MessageResult {
  kind: 'applied' | 'forwarded' | 'refused';
  detail: string;
  receipt: string;
}

/** Adds a receipt and remembers its id. Returns the answer, too. */
export function addReceipt(
  control: Control,
  message: { verb: string; by?: string | undefined; id?: string | undefined },
  at: number,
  outcome: Pick<Receipt, 'state' | 'detail' | 'digest' | 'text'>,
): { control: Control; answer: MessageResult } {
  const received = control.received + 1;
  const id = message.id ?? `${message.verb}-${received}`;
  const receipt: Receipt = { id, verb: message.verb, by: message.by ?? 'unknown', at, ...outcome };
  const appliedIds =
    message.id && outcome.state !== 'refused' ? [...control.appliedIds, message.id] : control.appliedIds;
  return {
    control: {
      ...control,
      received,
      receipts: [...control.receipts, receipt].slice(-MAX_RECEIPTS),
      appliedIds: appliedIds.slice(-MAX_APPLIED_IDS),
    },
    answer: { kind: answerKind(outcome.state), detail: outcome.detail, receipt: id },
  };
}

/** The answer to an earlier message with this id, if one counted. */
export function findEarlierResult(control: Control, id: string | undefined): MessageResult | undefined {
  if (!id || !(control.appliedIds.includes(id) || control.signedOrders?.includes(id))) return undefined;
  const earlier = control.receipts.findLast((receipt) => receipt.id === id);
  const kind = earlier && ['received', 'refused'].includes(earlier.state) ? 'refused' : 'applied';
  return { kind, detail: earlier ? `already received: ${earlier.detail}` : 'already received', receipt: id };
}

/**
 * Updates the receipt of a message that was received before. If it is refused, it may be sent again with the same id.
 */
export function finishReceived(
  control: Control,
  id: string,
  outcome: Pick<Receipt, 'state' | 'detail'>,
): { control: Control; answer: MessageResult } {
  const { state, detail } = outcome;
  const settled = updateReceipts(control, [id], state, detail);
  const appliedIds = state === 'refused' ? control.appliedIds.filter((other) => other !== id) : control.appliedIds;
  return { control: { ...settled, appliedIds }, answer: { kind: answerKind(state), detail, receipt: id } };
}

function answerKind(state: Receipt['state']): MessageResult['kind'] {
  return state === 'refused' || state === 'forwarded' ? state : 'applied';
}

/** Sets state and detail of receipts, by their ids. */
export function updateReceipts(
  control: Control,
  ids: readonly string[],
  state: Receipt['state'],
  detail: string,
): Control {
  const receipts = control.receipts.map((receipt) =>
    ids.includes(receipt.id) ? { ...receipt, state, detail } : receipt,
  );
  return { ...control, receipts };
}
