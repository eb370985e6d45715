/**
 * What the states of agents and refactors share: receipts of messages, a pause, decisions, and a short log for people.
 * Rule: one serialisable value in which every list has a cap. `receipts` and `open-decisions` change it.
 */
import type { DecisionKind } from '../policy/decision-kinds.ts';
import { upgradeDecision } from '../policy/decision-kinds.ts';
import type { Place } from '../place.ts';
import type { Risk } from '../risk.ts';
import { shorten } from '../text/lines.ts';

/** Most lines of the log. Older ones are in the history. */
const MAX_LOG = 100;

/**
 * The receipt of a message. `received`: its signature is being verified. `accepted` becomes `delivered` once a model
 * call has taken it.
 */
export type ReceiptState =
  | 'received'
  | 'accepted'
  | 'delivered'
  | 'applied'
  | 'forwarded'
  | 'superseded'
  | 'withdrawn'
  | 'refused';

export interface Receipt {
  id: string;
  verb: string;
  by: string;
  at: number;
  state: ReceiptState;
  detail: string;
  /** What became of it at each agent that it was passed on to, by the agent's id. Older receipts have none. */
  told?: Record<string, { task: string; state: ReceiptState; detail: string }>;
  /** The beginning of what the message says: a steer's text, a note, an answer. Older receipts have none. */
  text?: string;
  /** Digest of the message's content, which tells apart another message with the same id. Older receipts have none. */
  digest?: string;
}

export interface Decision {
  /** Short id with its revision, e.g. `plan@1`, `lib/call@4`. */
  id: string;
  kind: DecisionKind;
  /** The kind's name in signed texts and lists, if the run began before that kind existed. */
  shownAs?: 'scope';
  /** The task that it is about, if any. */
  task?: string;
  /** What is to be decided, rendered by our code: at most 4,000 characters, and a count of the rest. */
  about: string;
  digest: string;
  openedAt: number;
  /** For a budget: what is running out. */
  resource?: 'steps' | 'tokens' | 'usd' | 'minutes';
  /** The risk, if it differs from the default of the kind. */
  risk?: Risk;
  /** Who has approved it so far, and the paths that they left out. */
  approvals?: Approval[];
  leaveOut?: string[];
  /** When its timeout action ran, and who else may decide since then. */
  overdueAt?: number;
  escalatedTo?: string[];
  /** The workflow that owns it, if it is not the one that shows it. */
  owner?: string;
  /** The place where it is open. Left out in runs from before signed texts named a place. */
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
  /** Ids of the signed orders that have counted in the current run. Their texts are valid in this run only. */
  signedOrders?: string[];
  /** `signed`: only a signed resume ends it. */
  paused: { by: string; at: number; reason: string; signed?: true } | null;
  decisions: Decision[];
  opened: Record<string, number>;
  log: LogLine[];
  /** The current run, which signed texts name. Left out in older runs. */
  place?: Place;
  /** Texts of messages are escaped and names are checked when they come in. Left out in older runs. */
  border?: true;
  /** Each decision has its own kind. Left out in older runs, which call four of the kinds `scope`. */
  fourKinds?: true;
}

export function createControl(): Control {
  return {
    receipts: [],
    appliedIds: [],
    received: 0,
    paused: null,
    decisions: [],
    opened: {},
    log: [],
  };
}

/** A control as it would be today, with decisions that an older version opened. */
export function upgradeControl(stored: Control): Control {
  return { ...stored, decisions: stored.decisions.map(upgradeDecision) };
}

/** Adds a line to the log, and drops the oldest if it is full. */
export function addLog(control: Control, at: number, text: string): Control {
  const line = { at, text: shorten(text, 300) };
  return { ...control, log: [...control.log, line].slice(-MAX_LOG) };
}

/** One person's approval of an open decision. */
export interface Approval {
  /** The name in the message: a claim. */
  by: string;
  /** The owner of the key that signed it; null without a signature. */
  principal: string | null;
  at: number;
  /** Whether it names the digest of what its sender looked at. */
  bound: boolean;
  signed: boolean;
  /** What was signed, for verifying it again. Left out in older decisions. */
  proof?: { text: string; signature: string };
}
