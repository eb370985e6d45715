/**
 * The kinds of decisions: their names in policy, signed texts and lists, and their names in older runs.
 * Rule: a signed text stays as it was when its decision was opened, so older decisions keep their older name.
 */

/** Kinds that are approved or rejected. */
export const QUORUM_KINDS = [
  'plan',
  'delivery',
  'baseline',
  'checks',
  'call',
  /** Changes by an agent's call outside its task's paths. */
  'outside',
  /** Findings in the changes of an agent's call, inside or outside its task's paths. */
  'effects',
  /** A task's result that reaches beyond its plan, before it is integrated. */
  'integration',
  /** A task's result that a reviewer doubts. */
  'review',
  'budget',
] as const;
export type QuorumKind = (typeof QUORUM_KINDS)[number];
/** All kinds. Those that are not approved or rejected get one answer. */
export const DECISION_KINDS = [...QUORUM_KINDS, 'question', 'choice'] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];
/** The older name of four kinds. In a policy file, `scope` sets each of the four that the file does not name itself. */
export const SCOPE = 'scope';
const SCOPE_KINDS: readonly string[] = ['outside', 'effects', 'integration', 'review'] satisfies DecisionKind[];

export function isScopeKind(kind: string): boolean {
  return SCOPE_KINDS.includes(kind);
}

/**
 * What an approver's `may` can list: kinds of decisions, and `control` for orders that change files, withdraw decisions
 * or end work.
 */
export const RIGHTS = [...DECISION_KINDS, 'control'] as const;
/** What a signature can be about. To request or steer takes a listed key, but no right. */
export type SubjectKind = (typeof RIGHTS)[number] | typeof SCOPE | 'request' | 'steer';

/** The words for a kind inside a sentence. */
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

/** The kind in signed texts and lists. Older runs call each of the four kinds `scope`. */
export type ShownKind = DecisionKind | typeof SCOPE;

/** A kind, and its older name if the run began before there were four kinds. */
export interface Kinded<K extends string = DecisionKind> {
  kind: K;
  shownAs?: typeof SCOPE;
}

/** The kind to show. Only the four kinds can be shown as `scope`, so that no input makes a delivery look like one. */
export function shownKindOf<K extends string>({ kind, shownAs }: Kinded<K>): K | typeof SCOPE {
  return shownAs !== undefined && isScopeKind(kind) ? shownAs : kind;
}

/** In older runs the kind is the last word of the decision's name: `lib/integration@2` is about an integration. */
const BY_NAME: Record<string, DecisionKind> = {
  scope: 'outside',
  effects: 'effects',
  integration: 'integration',
  review: 'review',
};

/** An older decision in today's form. A decision in today's form stays unchanged. */
export function upgradeDecision<D extends Kinded<string> & { id: string; task?: string }>(decision: D): D {
  const [, task, name = ''] = /^(.*)\/([a-z]+)@\d+$/.exec(decision.id) ?? [];
  const named = task === undefined || decision.task !== undefined ? decision : { ...decision, task };
  return decision.kind === SCOPE ? { ...named, kind: BY_NAME[name] ?? 'outside', shownAs: SCOPE } : named;
}
