/**
 * By which right somebody gives an order: steers, pauses, resumes, stops, rewinds, forks, or has policy read again.
 * Rule: where policy requires signatures, what changes files, withdraws a decision or ends work is signed by an
 * approver. An unsigned pause is everybody's brake, and an unsigned resume releases only such a pause.
 */
import type { DecisionRules } from '../policy/approvers.ts';
import type { Control } from './control.ts';
import type { Verified, Weighing } from './weigh.ts';
import { weigh } from './weigh.ts';
import type { Message, MessageOf, Verb } from './messages.ts';
import type { OrderMessage } from './signed-text.ts';
import { subjectOfOrder } from './signed-text.ts';

/** Signed orders that one run takes: none of their ids is ever forgotten. A run continues as new after far fewer. */
const MAX_SIGNED_ORDERS = 1000;
const ORDERS: readonly Verb[] = ['steer', 'pause', 'resume', 'stop', 'rewind', 'fork', 'adoptPolicy'];

export interface Order {
  message: Message;
  workflow: string;
  control: Control;
  rules: DecisionRules;
  /** Passed on by the refactor, which has weighed it. */
  forwarded: boolean;
  at: number;
  verified: Verified | undefined;
}

export type OrderWeighing =
  | Extract<Weighing, { kind: 'verify' | 'refused' }>
  /** Its sender's name is the key's where it is signed. */
  | { kind: 'counts'; message: Message };

/** Weighs an order: it counts, has to be verified first, or is refused. What is no order is weighed as a decision. */
export function weighOrder(order: Order): OrderWeighing {
  const { message, workflow, control, rules, forwarded, at, verified } = order;
  const { place } = control;
  if (!isOrder(message) || forwarded) return { kind: 'counts', message };
  if (message.signature === undefined) {
    // Runs from before orders could be signed go on as they were.
    const problem =
      place && rules.signatures === 'required' ? findMissingSignature(message, control, rules) : undefined;
    return problem === undefined ? { kind: 'counts', message } : { kind: 'refused', reason: problem };
  }
  if (!place)
    return { kind: 'refused', reason: `this run began before a ${message.verb} could be signed: send it unsigned` };
  if ((control.signedOrders?.length ?? 0) >= MAX_SIGNED_ORDERS)
    return {
      kind: 'refused',
      reason: `this run has taken ${MAX_SIGNED_ORDERS} signed orders, and remembers no more: it takes others once it has continued as new. Decisions count as before`,
    };
  const subject = subjectOfOrder(workflow, message, place);
  const weighing = weigh({ rules, subject, authors: [], message, bound: true, at, verified });
  return weighing.kind === 'counts' ? { kind: 'counts', message: { ...message, by: weighing.name } } : weighing;
}

/** Whether a signed order with this id has counted in the present run. */
export function hasCounted({ signedOrders = [] }: Control, id: string | undefined): boolean {
  return id !== undefined && signedOrders.includes(id);
}

/** The control of a run in which a message has counted: a signed order never counts there again. */
export function noteSignedOrder(control: Control, message: Message): Control {
  const { id } = message;
  if (!isOrder(message) || message.signature === undefined || id === undefined) return control;
  return { ...control, signedOrders: [...(control.signedOrders ?? []), id] };
}

function isOrder(message: Message): message is OrderMessage {
  return ORDERS.includes(message.verb);
}

/** Why an order has to be signed; undefined where it need not be. */
function findMissingSignature(message: OrderMessage, { paused }: Control, rules: DecisionRules): string | undefined {
  const how = `\`${COMMANDS[message.verb] ?? `cox ${message.verb}`} --sign-with <key>\` signs`;
  switch (message.verb) {
    case 'pause':
      return undefined;
    case 'steer':
      return rules.selfApproval === 'deny'
        ? `who steers may not approve the work (decisions.selfApproval), so a steer has to be signed: ${how}`
        : undefined;
    case 'resume':
      if (message.from !== undefined) return `only a signed resume may bring a commit (decisions.signatures): ${how}`;
      if (message.branch !== undefined)
        return `only a signed resume may name another branch (decisions.signatures): ${how}`;
      if (message.setup !== undefined)
        return `only a signed resume may bring another setup (decisions.signatures): ${how}`;
      return paused?.signed
        ? `${paused.by} paused this by signature, so only a signed resume ends the pause: ${how}`
        : undefined;
    default:
      return `only a signed ${message.verb} counts here (decisions.signatures): ${how}`;
  }
}

/** A resume that brings a commit or a command is more than a resume. */
function bringsWork({ from, setup }: MessageOf<'resume'>): boolean {
  return from !== undefined || setup !== undefined;
}

const COMMANDS: Partial<Record<Verb, string>> = { adoptPolicy: 'cox policy adopt' };

/** The pause after a message that asks for one. An unsigned message does not replace a signed pause. */
export function pauseBy({ paused }: Control, message: MessageOf<'pause'>, at: number): Control['paused'] {
  const { by = 'unknown', reason = '', signature } = message;
  if (paused?.signed && signature === undefined) return paused;
  return { by, at, reason, ...(signature === undefined ? {} : { signed: true }) };
}

/** Why a message that a refactor passed on can't end a pause that was signed at its agent; undefined where it can. */
export function findPauseProblem(
  { paused }: Control,
  message: MessageOf<'resume'>,
  rules: DecisionRules,
): string | undefined {
  if (!paused?.signed || message.signature !== undefined || rules.signatures === 'optional') return undefined;
  return `${paused.by} paused this by signature, so only a signed resume ends the pause`;
}

/**
 * Who a message makes an author of what follows, so that they can't approve it alone where policy denies that: who
 * steers, brings a commit, says what a fork is to do, writes a plan or answers an agent. Who asks for changes is
 * one, too, where their rejection is taken in.
 */
function authorOf(message: Message, verified: Verified | undefined): string | undefined {
  switch (message.verb) {
    case 'steer':
      return message.by;
    case 'resume':
      return bringsWork(message) ? message.by : undefined;
    case 'fork':
      return message.text === undefined ? undefined : message.by;
    case 'revisePlan':
    case 'answer':
      // In these the sender's name is a claim; who signed it is not.
      return verified?.verdict.kind === 'good' ? verified.verdict.principal : message.by;
    default:
      return undefined;
  }
}

/**
 * By the second rules, who writes a plan or answers an agent is an author, a call that a worker had no warrant for is
 * asked about, and a resumed agent of a closed refactor works on alone. Runs from before go on by the first.
 */
export interface MessageRules {
  rules?: 2;
}

/** A state that remembers who has guided the work. */
export function noteAuthor<S extends MessageRules & { control: Control; authors?: string[] }>(
  state: S,
  message: Message,
  verified?: Verified,
): S {
  const isOld = !state.rules && ['revisePlan', 'answer'].includes(message.verb);
  const author = state.control.place && !isOld ? authorOf(message, verified) : undefined;
  return author === undefined ? state : addAuthor(state, author);
}

/** Remembers one who has guided the work. */
export function addAuthor<S extends { authors?: string[] }>(state: S, author: string): S {
  return state.authors?.includes(author) ? state : { ...state, authors: [...(state.authors ?? []), author] };
}

/** Whether who sent it is a claim where policy wants more: the model and the report are told so. */
export function isClaim(
  message: { signature?: string | undefined },
  { place }: Control,
  rules: DecisionRules,
): boolean {
  return place !== undefined && rules.signatures === 'required' && message.signature === undefined;
}
