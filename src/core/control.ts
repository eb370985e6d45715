/**
 * What agent and refactor share: receipts of messages, pause and stop, decisions, and a short log for people.
 * Rule: every message leaves a receipt, an id counts once (across continue-as-new), and every list has a cap.
 */
import type { DecisionKind, Risk } from './approvers.ts';
import type { Approval } from './decide.ts';
import { escapeForPeople } from './escape.ts';
import type { Message } from './messages.ts';
import type { Place } from './place.ts';
import { asName, clip } from './text/lines.ts';

/** Receipts, log lines, ids and closed decisions that are kept; older ones are in the history. */
const MAX_RECEIPTS = 200;
const MAX_LOG = 100;
const MAX_APPLIED_IDS = 1000;
const MAX_CLOSED = 100;
/** Characters that a decision shows of what it is about. */
const MAX_ABOUT = 4000;

/**
 * What became of a message. `received` waits for its signature to be verified; `accepted` becomes `delivered` when a
 * model call has taken it.
 */
export interface Receipt {
  id: string;
  verb: string;
  by: string;
  at: number;
  state: 'received' | 'accepted' | 'delivered' | 'applied' | 'forwarded' | 'superseded' | 'refused';
  detail: string;
  /** Of what the message says, so that another one under its id is told apart; older receipts have none. */
  digest?: string;
}

export interface Decision {
  /** Short id with its revision, e.g. `plan@1`, `lib/call@4`. */
  id: string;
  kind: DecisionKind;
  /** What is decided, rendered by our code: at most 4,000 characters, and how many more there are. */
  about: string;
  digest: string;
  openedAt: number;
  /** Of a budget: what there is too little of. */
  resource?: 'steps' | 'tokens' | 'usd' | 'minutes';
  /** How much hangs on it, where whoever opened it knows better than its kind does. */
  risk?: Risk;
  /** Who has approved it so far, or did, and the paths that they left out. */
  approvals?: Approval[];
  leaveOut?: string[];
  /** When silence had its effect on it, and who may decide since. */
  overdueAt?: number;
  escalatedTo?: string[];
  /** The workflow that owns it, when that is not the one asked. */
  owner?: string;
  /** Where it is open; left out by runs from before signed texts named that. */
  place?: Place;
  closed?: {
    outcome: 'approved' | 'rejected' | 'answered' | 'withdrawn';
    by: string;
    at: number;
    note: string;
    bound: boolean;
  };
}

export interface LogLine {
  at: number;
  text: string;
}

export interface Control {
  receipts: Receipt[];
  appliedIds: string[];
  received: number;
  /** Ids of the signed orders that have counted in the present run; their texts are no other run's. */
  signedOrders?: string[];
  /** `signed` where only a signed resume ends it. */
  paused: { by: string; at: number; reason: string; signed?: true } | null;
  stopping: { by: string; at: number; reason: string } | null;
  decisions: Decision[];
  opened: Record<string, number>;
  log: LogLine[];
  /** The present run, which signed texts name; left out by runs from before that. */
  place?: Place;
  /** Words of messages are made harmless and names are judged as they come in; runs of before that do not say. */
  border?: true;
}

export function createControl(): Control {
  return {
    receipts: [],
    appliedIds: [],
    received: 0,
    paused: null,
    stopping: null,
    decisions: [],
    opened: {},
    log: [],
  };
}

/** The answer to a message, as an update returns it. */
export interface Answer {
  kind: 'applied' | 'forwarded' | 'refused';
  detail: string;
  receipt: string;
}

/** Text as one line of at most `most` characters; what was cut is said by an ellipsis. */
export function shorten(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** Adds a line to the log, the oldest falling out. */
export function addLog(control: Control, at: number, text: string): Control {
  const line = { at, text: shorten(text, 300) };
  return { ...control, log: [...control.log, line].slice(-MAX_LOG) };
}

/** Records a receipt and its id, and gives the answer that goes with it. */
export function addReceipt(
  control: Control,
  message: { verb: string; by?: string | undefined; id?: string | undefined },
  at: number,
  outcome: Pick<Receipt, 'state' | 'detail' | 'digest'>,
): { control: Control; answer: Answer } {
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

/** The answer given to an id before, when this id was already applied. */
export function findEarlierAnswer(control: Control, id: string | undefined): Answer | undefined {
  if (!id || !(control.appliedIds.includes(id) || control.signedOrders?.includes(id))) return undefined;
  const earlier = control.receipts.findLast((receipt) => receipt.id === id);
  const kind = earlier && ['received', 'refused'].includes(earlier.state) ? 'refused' : 'applied';
  return { kind, detail: earlier ? `already received: ${earlier.detail}` : 'already received', receipt: id };
}

/** Says what became of a message that was received before; refused, it may be sent again under its id. */
export function settleReceived(
  control: Control,
  id: string,
  outcome: Pick<Receipt, 'state' | 'detail'>,
): { control: Control; answer: Answer } {
  const { state, detail } = outcome;
  const settled = settleReceipts(control, [id], state, detail);
  const appliedIds = state === 'refused' ? control.appliedIds.filter((other) => other !== id) : control.appliedIds;
  return { control: { ...settled, appliedIds }, answer: { kind: answerKind(state), detail, receipt: id } };
}

function answerKind(state: Receipt['state']): Answer['kind'] {
  return state === 'refused' || state === 'forwarded' ? state : 'applied';
}

/** Sets what became of receipts, by id. */
export function settleReceipts(
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

/** What is decided, as much of it as a history should keep; the rest is counted, with the place where it is. */
function clipAbout({ kind, about }: Pick<Decision, 'kind' | 'about'>): string {
  const { kept, left } = clip(about, MAX_ABOUT);
  const where = kind === 'plan' ? 'the query "plan" has all of it' : "all of it is in the agent's checkpoints";
  return left > 0 ? `${kept}\n… ${left} more characters: ${where}` : kept;
}

/** Opens a decision with the next revision of its name. */
export function openDecision(
  control: Control,
  at: number,
  decision: Pick<Decision, 'kind' | 'about' | 'digest' | 'risk' | 'resource'> & { name: string },
): Control {
  const revision = (control.opened[decision.name] ?? 0) + 1;
  const { name, ...rest } = decision;
  const place = control.place ? { place: control.place } : {};
  const opened: Decision = { ...rest, about: clipAbout(rest), id: `${name}@${revision}`, openedAt: at, ...place };
  const closed = control.decisions.filter((other) => other.closed).slice(-MAX_CLOSED);
  const open = control.decisions.filter((other) => !other.closed);
  return {
    ...control,
    decisions: [...closed, ...open, opened],
    opened: { ...control.opened, [name]: revision },
  };
}

export function closeDecision(control: Control, id: string, closed: NonNullable<Decision['closed']>): Control {
  return changeDecision(control, id, { closed });
}

/** Changes fields of one decision. */
export function changeDecision(control: Control, id: string, change: Partial<Decision>): Control {
  return {
    ...control,
    decisions: control.decisions.map((decision) => (decision.id === id ? { ...decision, ...change } : decision)),
  };
}

/** Closed decisions, a line each: who said what, and how that is known. */
export function listClosed({ decisions }: Control): string[] {
  return decisions.flatMap(({ id, closed, approvals }) => {
    if (!closed) return [];
    const note = closed.note ? `: ${escapeForPeople(closed.note)}` : '';
    const isNobodys = closed.outcome === 'withdrawn' || approvals?.length === 0;
    const by = isNobodys ? closed.by : asName(closed.by);
    const proof = isNobodys ? '' : approvals?.every(({ signed }) => signed) ? ' (signed)' : ' (a claim, not signed)';
    return [`${id}: ${closed.outcome} by ${by}${proof}${note}`];
  });
}

/** Withdraws every open decision of a kind, since what it was about has changed. */
export function withdrawDecisions(
  control: Control,
  at: number,
  kinds: readonly Decision['kind'][],
  note: string,
): Control {
  return listOpenDecisions(control)
    .filter((decision) => kinds.includes(decision.kind))
    .reduce(
      (next, decision) =>
        closeDecision(next, decision.id, { outcome: 'withdrawn', by: 'coxswain', at, note, bound: true }),
      control,
    );
}

export function listOpenDecisions(control: Control): Decision[] {
  return control.decisions.filter((decision) => !decision.closed);
}

export type DecisionChoice =
  | { kind: 'found'; decision: Decision; bound: boolean }
  | { kind: 'refused'; reason: string };

/**
 * Finds the open decision that a message means: by id (a missing id is enough when just one is open), its digest, and
 * its kind. A choice among agents can be rejected where the run knows what to do then.
 */
export function chooseDecision(
  open: readonly Decision[],
  all: readonly Decision[],
  message: { verb: Message['verb']; decision?: string | undefined; digest?: string | undefined },
  rejectsChoice = false,
): DecisionChoice {
  const takesChoice = rejectsChoice && message.verb === 'reject';
  const wanted =
    message.verb === 'answer'
      ? open.filter(({ kind }) => kind === 'question')
      : open.filter(({ kind }) => kind !== 'question' && (kind !== 'choice' || takesChoice));
  const what = message.verb === 'answer' ? 'question' : 'decision';
  const list = wanted.map(({ id }) => id).join(', ');
  if (message.decision === undefined) {
    const [only, ...others] = wanted;
    if (!only) return { kind: 'refused', reason: `no ${what} is open` };
    if (others.length > 0) return { kind: 'refused', reason: `several are open, name one: ${list}` };
    return matchDigest(only, message.digest);
  }
  const named = wanted.find(({ id }) => id === message.decision);
  if (named) return matchDigest(named, message.digest);
  const known = all.find(({ id }) => id === message.decision);
  if (known?.closed)
    return { kind: 'refused', reason: `${known.id} was ${known.closed.outcome} by ${known.closed.by} already` };
  if (known) return { kind: 'refused', reason: `${known.id} is a ${known.kind}: ${verbFor(known)}` };
  return { kind: 'refused', reason: `there is no ${what} "${message.decision}"; open: ${list || 'none'}` };
}

function verbFor({ kind }: Decision): string {
  if (kind === 'question') return 'use answer';
  return kind === 'choice' ? 'use choose, with the agent whose work counts' : 'use approve or reject';
}

function matchDigest(decision: Decision, digest: string | undefined): DecisionChoice {
  if (digest === undefined) return { kind: 'found', decision, bound: false };
  // A person may type the first digits, as with commit ids; eight leave no room for chance.
  if (digest.length >= 8 && decision.digest.startsWith(digest)) return { kind: 'found', decision, bound: true };
  return {
    kind: 'refused',
    reason: `${decision.id} is about digest ${decision.digest.slice(0, 12)}, not ${digest.slice(0, 12)}: look again, then decide`,
  };
}
