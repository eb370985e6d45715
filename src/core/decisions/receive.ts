/**
 * How agents and refactors receive a message: it is read, compared with earlier ones and recorded. A signed message
 * counts only after its signature is verified.
 * Rule: every message leaves one receipt. When a verification ends, that receipt says what happened.
 */
import type { PolicyInput } from '../policy/layer-sources.ts';
import type { Control, Receipt } from './control.ts';
import { digestValue } from '../digest.ts';
import type { SignatureQuestion, Verified } from './weigh.ts';
import type { Message, Verb } from './messages.ts';
import { readMessage } from './messages.ts';
import { hasCounted, noteSignedOrder } from './orders.ts';
import { addReceipt, findEarlierResult, finishReceived, MAX_WORDS } from './receipts.ts';
import type { MessageResult } from './receipts.ts';
import { findMessageProblems } from './border.ts';
import { harmless } from '../text/harmless.ts';
import { clipText } from '../text/lines.ts';

export interface Received<S> {
  state: S;
  answer: MessageResult;
  /** Set if the message waits for a signature: it is received once more with the answer to this question. */
  verify?: SignatureQuestion;
  /** Set if policy is to be read again: the input of the activity, and the adoption's receipt and sender. */
  reads?: { input: PolicyInput; receipt: string; by: string };
}

/** The result of applying a message. `verify` and `read` have changed nothing yet. */
export type MessageOutcome<S> =
  | { kind: 'applied' | 'accepted' | 'forwarded' | 'refused'; detail: string; state: S; told?: Receipt['told'] }
  | { kind: 'read'; input: PolicyInput; by: string | undefined; state: S }
  | { kind: 'verify'; question: SignatureQuestion; state: S };

interface Receiving<S> {
  state: S;
  verb: Verb;
  inputs: readonly unknown[];
  at: number;
  verified: Verified | undefined;
  /** Makes an id for a message that came without one, if it needs one. */
  name?: (verb: Verb) => string;
  /** Why no message counts any more: the run has ended. */
  ended: string | undefined;
  apply: (message: Message) => MessageOutcome<S>;
}

/** Receives a message from a client, or once more after its signature was verified. */
export function receive<S extends { control: Control }>(receiving: Receiving<S>): Received<S> {
  const { state, verb, inputs, at, verified, ended } = receiving;
  const read = readMessage(verb, inputs);
  if (read.kind === 'bad') return refuse(state, { verb }, at, read.problem);
  const said = state.control.border ? harmless(read.message) : read.message;
  const problems = state.control.border ? findMessageProblems(read.message) : [];
  if (problems.length > 0) return refuse(state, { ...said, by: undefined }, at, problems.join('; '));
  const isSigned = 'signature' in said && said.signature !== undefined;
  if (isSigned && said.id === undefined)
    return refuse(state, said, at, 'a signed message needs an id, which is part of what is signed');
  const id = said.id ?? receiving.name?.(verb);
  const message = { ...said, ...(id === undefined ? {} : { id }) } as Message;
  const isKnown = !verified || hasCounted(state.control, said.id);
  const earlier = isKnown ? findEarlierResult(state.control, said.id) : undefined;
  const digest = digestOf(said);
  if (earlier && isAnother(state.control, said, digest)) {
    const problem = `the id "${said.id}" was used already, for another message: send this one under an id of its own`;
    return refuse(state, { ...said, id: undefined }, at, problem);
  }
  if (earlier) return { state, answer: earlier };
  const outcome: MessageOutcome<S> = ended ? { kind: 'refused', detail: ended, state } : receiving.apply(message);
  const became = describeOutcome(outcome);
  const { control, answer } =
    verified && id !== undefined
      ? finishReceived(outcome.state.control, id, became)
      : addReceipt(outcome.state.control, message, at, { ...became, digest, ...wordsOf(message) });
  const counts = verified && became.state !== 'refused';
  const noted = counts ? noteSignedOrder(control, message) : control;
  const recorded = { state: { ...outcome.state, control: noted }, answer };
  if (outcome.kind === 'verify') return { ...recorded, verify: outcome.question };
  if (outcome.kind !== 'read') return recorded;
  return { ...recorded, reads: { input: outcome.input, receipt: answer.receipt, by: outcome.by ?? 'unknown' } };
}

/** The beginning of what a message says. */
function wordsOf(message: Message): Pick<Receipt, 'text'> {
  const { text, note, reason } = { text: undefined, note: undefined, reason: undefined, ...message };
  const words = text ?? note ?? reason;
  return words ? { text: clipText(words, MAX_WORDS) } : {};
}

/** Digest of a message's content. The signature is not part of it, since it differs each time a message is signed. */
function digestOf(message: Message): string {
  const {
    id: _id,
    signature: _signature,
    expiresAt: _until,
    ...content
  } = { signature: '', expiresAt: '', ...message };
  return digestValue(content).slice(0, 16);
}

/** Whether an id was used for a message with another content. */
function isAnother({ receipts }: Control, { id }: Message, digest: string): boolean {
  const earlier = receipts.findLast((receipt) => receipt.id === id);
  return earlier?.digest !== undefined && earlier.digest !== digest;
}

function describeOutcome<S>(outcome: MessageOutcome<S>): Pick<Receipt, 'state' | 'detail' | 'told'> {
  if (outcome.kind === 'verify') return { state: 'received', detail: 'its signature is being verified' };
  if (outcome.kind === 'read') return { state: 'received', detail: 'policy is being read again' };
  return { state: outcome.kind, detail: outcome.detail, ...(outcome.told ? { told: outcome.told } : {}) };
}

/** Records a message that is unknown or can't be read. */
export function refuse<S extends { control: Control }>(
  state: S,
  message: { verb: string; by?: string | undefined; id?: string | undefined },
  at: number,
  detail: string,
): Received<S> {
  const { control, answer } = addReceipt(state.control, message, at, { state: 'refused', detail });
  return { state: { ...state, control }, answer };
}

/** Updates the receipt of an adoption of policy, after the worker has read the layers. */
export function finishAdoption<S extends { control: Control }>(
  state: S,
  receipt: string,
  became: 'applied' | 'refused',
  detail: string,
): Received<S> {
  const { control, answer } = finishReceived(state.control, receipt, { state: became, detail: detail.slice(0, 4000) });
  return { state: { ...state, control }, answer };
}
