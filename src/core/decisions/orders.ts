/**
 * Whether somebody may give an order: steer, withdraw, edit, pause, resume, stop, rewind, fork, or adopt policy.
 * Rule: if policy requires signatures, an approver must sign what changes files, withdraws a decision or ends work.
 * Anybody may pause without a signature; an unsigned resume ends only an unsigned pause.
 */
import type { DecisionRules } from '../policy/approvers.ts';
import type { Control } from './control.ts';
import type { Verified, Weighing } from './weigh.ts';
import { weigh } from './weigh.ts';
import type { Message, MessageOf, Verb } from './messages.ts';
import type { OrderMessage } from './signed-text.ts';
import { isSteering, subjectOfOrder } from './signed-text.ts';

/**
 * Most signed orders that one run takes, since none of their ids is forgotten. A run continues as new long before that.
 */
const MAX_SIGNED_ORDERS = 1000;
const ORDERS: readonly Verb[] = [
  'steer',
  'withdraw',
  'edit',
  'pause',
  'resume',
  'stop',
  'rewind',
  'fork',
  'adoptPolicy',
];

export interface Order {
  message: Message;
  workflow: string;
  control: Control;
  rules: DecisionRules;
  /** The refactor has already weighed it and passed it on. */
  forwarded: boolean;
  at: number;
  verified: Verified | undefined;
}

export type OrderWeighing =
  | Extract<Weighing, { kind: 'verify' | 'refused' }>
  /** If it is signed, the sender's name in it is that of the key. */
  | { kind: 'counts'; message: Message };

/**
 * Weighs an order: it counts, must be verified first, or is refused. Other messages count here, and are weighed as
 * decisions elsewhere.
 */
export function weighOrder(order: Order): OrderWeighing {
  const { message, workflow, control, rules, forwarded, at, verified } = order;
  const { place } = control;
  if (!isOrder(message) || forwarded) return { kind: 'counts', message };
  if (message.signature === undefined) {
    // Runs from before orders could be signed accept unsigned ones.
    const problem =
      place && rules.signatures === 'required' ? findMissingSignature(message, control, rules) : undefined;
    return problem === undefined ? { kind: 'counts', message } : { kind: 'refused', reason: problem };
  }
  if (!place)
    return { kind: 'refused', reason: `this run began before a ${message.verb} could be signed: send it unsigned` };
  if ((control.signedOrders?.length ?? 0) >= MAX_SIGNED_ORDERS)
    return {
      kind: 'refused',
      reason: `this run has taken ${MAX_SIGNED_ORDERS} signed orders, which is its limit: send this again once it has continued as new. Decisions still count`,
    };
  const subject = subjectOfOrder(workflow, message, place);
  const weighing = weigh({ rules, subject, authors: [], message, bound: true, at, verified });
  return weighing.kind === 'counts' ? { kind: 'counts', message: { ...message, by: weighing.name } } : weighing;
}

/**
 * Whether a sender has to sign a message: by these rules it is refused without. A pause, and a resume without options,
 * need no signature.
 */
export function mustSign(verb: Verb, fields: object, rules: DecisionRules): boolean {
  if (rules.signatures === 'optional' || verb === 'pause') return false;
  if (verb === 'resume') return ['from', 'branch', 'setup'].some((field) => Object(fields)[field] !== undefined);
  return !isSteering(verb) || rules.selfApproval === 'deny';
}

/** Whether a signed order with this id has counted in the current run. */
export function hasCounted({ signedOrders = [] }: Control, id: string | undefined): boolean {
  return id !== undefined && signedOrders.includes(id);
}

/** Remembers a signed order that has counted, so that it can't count again in this run. */
export function noteSignedOrder(control: Control, message: Message): Control {
  const { id } = message;
  if (!isOrder(message) || message.signature === undefined || id === undefined) return control;
  return { ...control, signedOrders: [...(control.signedOrders ?? []), id] };
}

function isOrder(message: Message): message is OrderMessage {
  return ORDERS.includes(message.verb);
}

/** Why an order must be signed; undefined if it need not be. */
function findMissingSignature(message: OrderMessage, { paused }: Control, rules: DecisionRules): string | undefined {
  const how = `sign it with \`${COMMANDS[message.verb] ?? `cox ${message.verb}`} --sign-with <key>\``;
  switch (message.verb) {
    case 'pause':
      return undefined;
    case 'steer':
    case 'withdraw':
    case 'edit':
      return rules.selfApproval === 'deny'
        ? `people who steer may not approve the work (decisions.selfApproval), so a ${message.verb} must be signed: ${how}`
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

/** Whether a resume also brings a commit or a command. */
function bringsWork({ from, setup }: MessageOf<'resume'>): boolean {
  return from !== undefined || setup !== undefined;
}

const COMMANDS: Partial<Record<Verb, string>> = { adoptPolicy: 'cox policy adopt' };

/** The pause after a pause message. An unsigned message does not replace a signed pause. */
export function pauseBy({ paused }: Control, message: MessageOf<'pause'>, at: number): Control['paused'] {
  const { by = 'unknown', reason = '', signature } = message;
  if (paused?.signed && signature === undefined) return paused;
  return { by, at, reason, ...(signature === undefined ? {} : { signed: true }) };
}

/** Why a message that a refactor passed on can't end a signed pause at its agent; undefined if it can. */
export function findPauseProblem(
  { paused }: Control,
  message: MessageOf<'resume'>,
  rules: DecisionRules,
): string | undefined {
  if (!paused?.signed || message.signature !== undefined || rules.signatures === 'optional') return undefined;
  return `${paused.by} paused this by signature, so only a signed resume ends the pause`;
}

/**
 * The author that a message adds. Authors can't approve the result if policy denies self-approval. Authors are people
 * who steer, bring a commit, say what a fork should do, write a plan or answer an agent. People whose rejection asks
 * for changes are added where it is received.
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
      // In these messages the sender's name is only a claim; the verified key is not.
      return verified?.verdict.kind === 'good' ? verified.verdict.principal : message.by;
    default:
      return undefined;
  }
}

/**
 * Version 2 of the rules: people who write a plan or answer an agent are authors, a call without a warrant asks, and a
 * resumed agent works on after its refactor has closed. Older runs lack the field.
 */
export interface MessageRules {
  rules?: 2;
}

/** Adds a message's author to the state. */
export function noteAuthor<S extends MessageRules & { control: Control; authors: string[] }>(
  state: S,
  message: Message,
  verified?: Verified,
): S {
  const isOld = !state.rules && ['revisePlan', 'answer'].includes(message.verb);
  const author = state.control.place && !isOld ? authorOf(message, verified) : undefined;
  return author === undefined ? state : addAuthor(state, author);
}

/** Adds a person who guided the work. */
export function addAuthor<S extends { authors: string[] }>(state: S, author: string): S {
  return state.authors.includes(author) ? state : { ...state, authors: [...state.authors, author] };
}

/** Whether the sender's name is only a claim although policy requires signatures. The model and the report are told. */
export function isClaim(
  message: { signature?: string | undefined },
  { place }: Control,
  rules: DecisionRules,
): boolean {
  return place !== undefined && rules.signatures === 'required' && message.signature === undefined;
}
