/**
 * What the states of agent and refactor share: receipts of messages, a pause, decisions, and a short log for people.
 * Rule: one serialisable value, in which every list has a cap; `receipts` and `open-decisions` change it.
 */
import type { DecisionKind } from '../policy/decision-kinds.ts';
import type { Place } from '../place.ts';
import type { Risk } from '../risk.ts';
import { shorten } from '../text/lines.ts';

/** Lines of the log that are kept; older ones are in the history. */
const MAX_LOG = 100;

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
  /** What signed texts and lists call the kind, where its run began before there was such a kind. */
  shownAs?: 'scope';
  /** The task that it is about, where it is about one. */
  task?: string;
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
  decisions: Decision[];
  opened: Record<string, number>;
  log: LogLine[];
  /** The present run, which signed texts name; left out by runs from before that. */
  place?: Place;
  /** Words of messages are made harmless and names are judged as they come in; runs of before that do not say. */
  border?: true;
  /** Each decision is called by its own kind; in runs of before, four kinds are called `scope`. */
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

/** Adds a line to the log, the oldest falling out. */
export function addLog(control: Control, at: number, text: string): Control {
  const line = { at, text: shorten(text, 300) };
  return { ...control, log: [...control.log, line].slice(-MAX_LOG) };
}

/** One person's approval of an open decision. */
export interface Approval {
  /** Who the message says it is from: a claim. */
  by: string;
  /** Whose key signed it; null where nothing was signed. */
  principal: string | null;
  at: number;
  /** Whether it names the digest of what was looked at. */
  bound: boolean;
  signed: boolean;
  /** What was signed, so that it can be verified again; left out by decisions from before this was kept. */
  proof?: { text: string; signature: string };
}
