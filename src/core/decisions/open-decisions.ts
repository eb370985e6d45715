/**
 * The decisions of a run: opened with a revision of their name, found for a message, changed, closed, listed.
 * Rule: all open decisions are kept, and the newest closed ones.
 */
import { isScopeKind, SCOPE } from '../policy/decision-kinds.ts';
import type { Decision, Control } from './control.ts';
import { escapeForPeople } from '../text/escape.ts';
import type { Message } from './messages.ts';
import type { Place } from '../place.ts';
import { asLine, asName, clip, clipText } from '../text/lines.ts';

const MAX_CLOSED = 100;

/** Most characters of what a closed decision was about: a command, a question, the first findings. */
const MAX_MATTER = 400;

/** Most characters that a decision shows of what it is about. */
const MAX_ABOUT = 4000;

/** The first part of what is to be decided, with a count of the rest and where to read it. */
function clipAbout({ kind, about }: Pick<Decision, 'kind' | 'about'>): string {
  const { kept, left } = clip(about, MAX_ABOUT);
  const where = kind === 'plan' ? 'the query "plan" has all of it' : "all of it is in the agent's checkpoints";
  return left > 0 ? `${kept}\n… ${left} more characters: ${where}` : kept;
}

type Opening = Pick<Decision, 'kind' | 'task' | 'about' | 'digest' | 'risk' | 'resource'>;

/** Opens a decision with the next revision of its name. The default name is its kind. */
export function openDecision(
  control: Control,
  at: number,
  { name: own, ...decision }: Opening & { name?: string },
): Control {
  const { kind, task, about } = decision;
  const isCalledScope = !control.fourKinds && isScopeKind(kind);
  // Older runs keep their form of ids, too.
  const last = own ?? (isCalledScope && kind === 'outside' ? SCOPE : kind);
  const name = task === undefined ? last : `${task}/${last}`;
  const revision = (control.opened[name] ?? 0) + 1;
  const place = control.place ? { place: control.place } : {};
  const shown: Pick<Decision, 'shownAs'> = isCalledScope ? { shownAs: SCOPE } : {};
  const id = `${name}@${revision}`;
  const opened: Decision = { ...decision, ...shown, about: clipAbout({ kind, about }), id, openedAt: at, ...place };
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

/** Closed decisions, one line each: who decided what, whether it was signed, and the beginning of what it was about. */
export function listClosed({ decisions }: Control): string[] {
  return decisions.flatMap(({ id, kind, closed, approvals, about }) => {
    if (!closed) return [];
    const note = closed.note ? `: ${escapeForPeople(closed.note)}` : '';
    const isNobodys = closed.outcome === 'withdrawn' || approvals?.length === 0;
    const by = isNobodys ? closed.by : asName(closed.by);
    const proof = isNobodys ? '' : approvals?.every(({ signed }) => signed) ? ' (signed)' : ' (a claim, not signed)';
    // A plan is long, and has its own place wherever these lines are shown.
    const matter = kind === 'plan' ? '' : `, about: ${clipText(asLine(about), MAX_MATTER)}`;
    return [`${id}: ${closed.outcome} by ${by}${proof}${note}${matter}`];
  });
}

/** Withdraws all open decisions of these kinds, since what they were about has changed. */
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

/** The fields of a decision by which a message is matched. */
type Choosable = Pick<Decision, 'id' | 'digest' | 'closed'> & { kind: string };

export type DecisionChoice<D> = { kind: 'found'; decision: D; bound: boolean } | { kind: 'refused'; reason: string };

/**
 * Finds the open decision that a message means: by its id (which may be left out if only one is open), its digest and
 * its kind. `rejectsChoice`: the run can handle the rejection of a choice among agents.
 */
export function chooseDecision<D extends Choosable>(
  open: readonly D[],
  all: readonly Choosable[],
  message: { verb: Message['verb']; decision?: string | undefined; digest?: string | undefined },
  rejectsChoice = false,
): DecisionChoice<D> {
  const takesChoice = rejectsChoice && message.verb === 'reject';
  const wanted =
    message.verb === 'answer'
      ? open.filter(({ kind }) => kind === 'question')
      : open.filter(({ kind }) => kind !== 'question' && (kind !== 'choice' || takesChoice));
  const what = message.verb === 'answer' ? 'question' : 'decision';
  const list = wanted.map(({ id }) => id).join(', ');
  if (message.decision === undefined) {
    const [only, ...others] = wanted;
    if (!only) return { kind: 'refused', reason: `no ${what} is open${describeOthers(open)}` };
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

/** What is open of another kind, for a message that has nothing to decide. */
function describeOthers(open: readonly Choosable[]): string {
  const [first] = open;
  return first ? `; ${first.id} is a ${first.kind}: ${verbFor(first)}` : '';
}

function verbFor({ kind }: Choosable): string {
  if (kind === 'question') return 'use answer';
  return kind === 'choice' ? 'use choose, with the agent whose work counts' : 'use approve or reject';
}

function matchDigest<D extends Choosable>(decision: D, digest: string | undefined): DecisionChoice<D> {
  if (digest === undefined) return { kind: 'found', decision, bound: false };
  // A person may type only the first digits, as with commit ids. Eight digits are enough to be unique.
  if (digest.length >= 8 && decision.digest.startsWith(digest)) return { kind: 'found', decision, bound: true };
  return {
    kind: 'refused',
    reason: `${decision.id} is about digest ${decision.digest.slice(0, 12)}, not ${digest.slice(0, 12)}: look again, then decide`,
  };
}

/** Moves all open decisions into a new run. */
export function openInRun(control: Control, place: Place): Control {
  const decisions = control.decisions.map((decision) => (decision.closed ? decision : { ...decision, place }));
  // What was signed for the previous run does not count in this run.
  return { ...control, place, decisions, signedOrders: [] };
}
