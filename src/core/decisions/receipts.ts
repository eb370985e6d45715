/**
 * Receipts: what happened to each message, and the answer to its sender.
 * Rule: every message leaves a receipt, and an id counts once, also after continue-as-new.
 */
import { clipText } from '../text/lines.ts';
import type { Receipt, ReceiptState, Control } from './control.ts';

/** Most receipts and ids. Older ones are in the history. */
const MAX_RECEIPTS = 200;
const MAX_APPLIED_IDS = 1000;

/** Most characters of a message's words in its receipt. */
export const MAX_WORDS = 200;

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
  outcome: Pick<Receipt, 'state' | 'detail' | 'digest' | 'text' | 'told'>,
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
  outcome: Pick<Receipt, 'state' | 'detail' | 'told'>,
): { control: Control; answer: MessageResult } {
  const { state, detail } = outcome;
  const settled = changeReceipts(control, (receipt) => (receipt.id === id ? { ...receipt, ...outcome } : receipt));
  const appliedIds = state === 'refused' ? control.appliedIds.filter((other) => other !== id) : control.appliedIds;
  return { control: { ...settled, appliedIds }, answer: { kind: answerKind(state), detail, receipt: id } };
}

function answerKind(state: Receipt['state']): MessageResult['kind'] {
  return state === 'refused' || state === 'forwarded' ? state : 'applied';
}

/** Changes each receipt by itself. */
function changeReceipts(control: Control, change: (receipt: Receipt) => Receipt): Control {
  return { ...control, receipts: control.receipts.map(change) };
}

/** Sets state and detail of receipts, by their ids. */
export function updateReceipts(
  control: Control,
  ids: readonly string[],
  state: Receipt['state'],
  detail: string,
): Control {
  return changeReceipts(control, (receipt) => (ids.includes(receipt.id) ? { ...receipt, state, detail } : receipt));
}

/** An agent that a message is passed on to, with its task. */
export interface Addressee {
  id: string;
  task: string;
}

/** Most agents whose part a receipt keeps, the newest ones. */
const MAX_TOLD = 50;
const PENDING: readonly ReceiptState[] = ['accepted', 'forwarded'];

/** Whether a message may still be read, or refused, by somebody. */
export function isPending({ state }: { state: ReceiptState }): boolean {
  return PENDING.includes(state);
}

/** The part of a receipt about agents that a message has just been passed on to. */
export function toldOf(agents: readonly Addressee[]): NonNullable<Receipt['told']> {
  const parts = agents.map(({ id, task }) => [id, { task, state: 'forwarded' as const, detail: '' }] as const);
  return Object.fromEntries(parts);
}

/** The receipts after their messages were passed on to one more agent. `later` says who gets them later. */
export function passOnLater(control: Control, ids: readonly string[], agent: Addressee, later: string): Control {
  return changeReceipts(control, (receipt) => {
    if (!ids.includes(receipt.id)) return receipt;
    const told = Object.entries({ ...receipt.told, ...toldOf([agent]) }).slice(-MAX_TOLD);
    return describeTold({ ...receipt, told: Object.fromEntries(told) }, later);
  });
}

/** The receipts after an agent has said what became of messages at it. */
export function hearFromAgent(
  control: Control,
  agent: Addressee,
  news: readonly { id: string; state: string; detail: string }[],
): Control {
  const byId = new Map(news.map((one) => [one.id, one]));
  return changeReceipts(control, (receipt) => {
    const one = byId.get(receipt.id);
    const part = receipt.told?.[agent.id];
    if (!one || !isPending(part ?? receipt)) return receipt;
    const said = { state: one.state as ReceiptState, detail: one.detail };
    if (!part) return receipt.told ? receipt : { ...receipt, ...said, detail: `${agent.task}: ${one.detail}` };
    return describeTold({ ...receipt, told: { ...receipt.told, [agent.id]: { ...part, ...said } } });
  });
}

/** A receipt with other words, which a person put in the place of the first ones. */
export function editReceipt(control: Control, id: string, text: string): Control {
  const words = clipText(text, MAX_WORDS);
  return changeReceipts(control, (receipt) => (receipt.id === id ? { ...receipt, text: words } : receipt));
}

/** Ends what still waits in these receipts, wherever it waits. */
export function endPending(control: Control, ids: readonly string[], state: ReceiptState, detail: string): Control {
  const end = <P extends { state: ReceiptState }>(part: P): P => (isPending(part) ? { ...part, state, detail } : part);
  return changeReceipts(control, (receipt) => {
    if (!ids.includes(receipt.id) || !isPending(receipt)) return receipt;
    if (!receipt.told) return end(receipt);
    const told = Object.entries(receipt.told).map(([agent, part]) => [agent, end(part)] as const);
    return describeTold({ ...receipt, told: Object.fromEntries(told) });
  });
}

/** What a receipt says on the whole, from what became of its message at each agent. */
function describeTold(receipt: Receipt, later = ''): Receipt {
  const parts = Object.values(receipt.told ?? {});
  const waiting = parts.filter(isPending);
  const said = parts.filter((part) => !isPending(part)).map(({ task, detail }) => `${task}: ${detail}`);
  if (waiting.length > 0) said.push(`passed on to ${waiting.map(({ task }) => task).join(', ')}`);
  const states = parts.map(({ state }) => state);
  const best = (['delivered', 'applied', 'withdrawn', 'superseded'] as const).find((state) => states.includes(state));
  return {
    ...receipt,
    state: waiting.length > 0 ? 'forwarded' : (best ?? 'refused'),
    detail: `${said.join('; ')}${later}`,
  };
}
