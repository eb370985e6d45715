/**
 * What decisions are about, by their kinds: how policy, signed texts and lists call each, and what older runs called
 * it.
 * Rule: a signed text stays as it was when its decision was opened, so older decisions keep the word that they had.
 */

/** What a decision can be about. */
export const DECISION_KINDS = [
  'plan',
  'delivery',
  'baseline',
  'checks',
  'call',
  /** What an agent's call changed outside of its task's paths. */
  'outside',
  /** What stands out in what an agent's call changed, whether inside of its paths or not. */
  'effects',
  /** A task's result that reaches beyond its plan, before it is integrated. */
  'integration',
  /** A task's result that a reviewer doubts. */
  'review',
  'budget',
  'question',
  'choice',
] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];
/** These were one kind before; in a policy, `scope` stands for each of them that the same file does not name itself. */
export const SCOPE = 'scope';
const SCOPE_KINDS: readonly string[] = ['outside', 'effects', 'integration', 'review'] satisfies DecisionKind[];

export function isScopeKind(kind: string): boolean {
  return SCOPE_KINDS.includes(kind);
}

/** What an approver may be named for (`may`): a decision, or orders that change files, withdraw or end. */
export const RIGHTS = [...DECISION_KINDS, 'control'] as const;
/** What a signature can be about. To request and to steer takes a listed key, and no right. */
export type SubjectKind = (typeof RIGHTS)[number] | typeof SCOPE | 'request' | 'steer';
/** Those that are approved or rejected; the others are answered, once. */
export const QUORUM_KINDS = [
  'plan',
  'delivery',
  'baseline',
  'checks',
  'call',
  'outside',
  'effects',
  'integration',
  'review',
  'budget',
] as const;
export type QuorumKind = (typeof QUORUM_KINDS)[number];

/** How a sentence calls a decision of a kind, or an order. */
export function describeKind(kind: SubjectKind): string {
  const words: Partial<Record<SubjectKind, string>> = {
    outside: 'a change outside of the paths',
    effects: 'a change that stands out',
    integration: 'an integration',
    review: 'a reviewed result',
    checks: 'red checks',
  };
  return words[kind] ?? `a ${kind}`;
}

/** The kind in signed texts and lists: runs from before there were four kinds call each of them `scope`. */
export type ShownKind = DecisionKind | typeof SCOPE;

/** A kind, and the older word for it where its run began before there were four. */
export interface Kinded<K extends string = DecisionKind> {
  kind: K;
  shownAs?: typeof SCOPE;
}

/** Only the four can be called `scope`: whatever an input says, no text about a scope is one about a delivery. */
export function shownKindOf<K extends string>({ kind, shownAs }: Kinded<K>): K | typeof SCOPE {
  return shownAs !== undefined && isScopeKind(kind) ? shownAs : kind;
}

/** In older runs the kind was in the decision's name: `lib/integration@2` is about an integration. */
const BY_NAME: Record<string, DecisionKind> = {
  scope: 'outside',
  effects: 'effects',
  integration: 'integration',
  review: 'review',
};

/** A decision as it would be opened today; one that was opened today is as it is. */
export function upgradeDecision<D extends Kinded<string> & { id: string; task?: string }>(decision: D): D {
  const [, task, name = ''] = /^(.*)\/([a-z]+)@\d+$/.exec(decision.id) ?? [];
  const named = task === undefined || decision.task !== undefined ? decision : { ...decision, task };
  return decision.kind === SCOPE ? { ...named, kind: BY_NAME[name] ?? 'outside', shownAs: SCOPE } : named;
}
