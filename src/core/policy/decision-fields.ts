/**
 * How layers of policy join their fields on decisions: signatures, approvers, quorum, timeouts.
 * Rule: the result is as strict as both layers: required over optional, deny over allow, the larger quorum, the
 * approvers in both lists, and the timeout action that allows less.
 */
import type { Approver, DecisionRules, Silence, SourcedRules } from './approvers.ts';
import { mayDecide, keyWithoutComment } from './approvers.ts';
import type { DecisionKind, QuorumKind } from './decision-kinds.ts';
import { DECISION_KINDS, isScopeKind, QUORUM_KINDS, RIGHTS, SCOPE } from './decision-kinds.ts';
import type { Field } from './fields.ts';

/** A field with two values, of which the second is the stricter. */
function stricter<T extends string>(loose: T, strict: T): Field<T> {
  return {
    builtIn: { limit: loose, value: loose },
    tighten: (one, other) => (one === strict || other === strict ? strict : loose),
  };
}

/** A minimum; the larger number wins. */
const quorum: Field<number> = {
  builtIn: { limit: 1, value: 1 },
  tighten: (one, other) => Math.max(one, other),
};

/** Null means anyone. Two lists become the list of approvers that are in both. */
const approvers: Field<Approver[] | null> = {
  builtIn: { limit: null, value: null },
  tighten: (one, other) => {
    const [mine, theirs] = [one ?? other, other ?? one];
    if (!mine || !theirs) return null;
    const both = mine.flatMap((entry) =>
      theirs
        .filter(
          ({ name, publicKey }) =>
            name === entry.name && keyWithoutComment(publicKey) === keyWithoutComment(entry.publicKey),
        )
        .map((same) => meet(entry, same)),
    );
    return both.toSorted((a, b) => (`${a.name} ${a.publicKey}` < `${b.name} ${b.publicKey}` ? -1 : 1));
  },
};

/** One approver's entry with only the rights that both entries give. */
function meet(one: Approver, other: Approver): Approver {
  const { name, publicKey } = one;
  const may = RIGHTS.filter((kind) => [one, other].every((entry) => mayDecide(entry.may, kind)));
  const validAfter = pick([one.validAfter, other.validAfter], (a, b) => a > b);
  const validBefore = pick([one.validBefore, other.validBefore], (a, b) => a < b);
  return {
    name,
    publicKey: keyWithoutComment(publicKey),
    ...(may.length < RIGHTS.length ? { may } : {}),
    ...(validAfter === undefined ? {} : { validAfter }),
    ...(validBefore === undefined ? {} : { validBefore }),
  };
}

/**
 * The stricter of two times, as written. For two spellings of the same time the result does not depend on their order.
 */
function pick(moments: (string | undefined)[], isStricter: (a: number, b: number) => boolean): string | undefined {
  const [one, other] = moments.filter((moment) => moment !== undefined).toSorted();
  if (one === undefined || other === undefined) return one;
  return isStricter(Date.parse(other), Date.parse(one)) ? other : one;
}

/** A higher number lets less happen without a person. */
const CAUTION: Record<Silence['means'], number> = { proceed: 0, escalate: 1, hold: 2, deny: 3 };

/** `null`: no timeout; the decision waits until somebody decides. */
const silence: Field<Silence | null> = {
  builtIn: { limit: { after: 1, means: 'proceed' }, value: null },
  tighten: (one, other) => {
    const [a, b] = [one && plain(one), other && plain(other)];
    const [cautionA, cautionB] = [CAUTION[a?.means ?? 'hold'], CAUTION[b?.means ?? 'hold']];
    if (cautionA !== cautionB) return cautionA > cautionB ? a : b;
    if (!a || !b) return a ?? b;
    // A time until something goes on: the later one wins. A time until work stops or is marked as overdue: the earlier
    // one wins.
    const waits = cautionA < CAUTION.hold;
    const after = waits ? Math.max(a.after, b.after) : Math.min(a.after, b.after);
    return plain({ after, means: a.means, to: (a.to ?? []).filter((name) => b.to?.includes(name)) });
  },
};

/** One spelling for equal rules. */
function plain({ after, means, to = [] }: Silence): Silence {
  const names = [...new Set(to)].toSorted();
  return { after, means, ...(means === 'escalate' && names.length > 0 ? { to: names } : {}) };
}

/** The fields of a layer that are read here. */
interface Names {
  name: string;
  limits?: { decisions?: { approvers?: unknown } | undefined } | undefined;
  defaults?: { decisions?: { approvers?: unknown } | undefined } | undefined;
}

/**
 * If a layer names approvers, a lower layer can't let a timeout decide, nor escalate to people who may not decide.
 * Otherwise people who start runs could choose who approves them. Such a timeout holds instead, and escalates only to
 * people who may decide.
 */
export function boundSilence(decisions: SourcedRules, layers: readonly Names[]): SourcedRules {
  const at = layers.findIndex(({ limits, defaults }) => limits?.decisions?.approvers ?? defaults?.decisions?.approvers);
  if (at < 0) return decisions;
  const below = new Set(layers.slice(at + 1).map(({ name }) => name));
  const approversOf = (kind: DecisionKind): string[] =>
    (decisions.approvers.value ?? []).flatMap(({ name, may }) => (mayDecide(may, kind) ? [name] : []));
  const bounded = DECISION_KINDS.map((kind) => {
    const { value, from } = decisions.silence[kind];
    if (!value || !below.has(from)) return [kind, { value, from }];
    const { after, means, to = [] } = value;
    if (means === 'proceed') return [kind, { value: { after, means: 'hold' }, from }];
    if (means !== 'escalate') return [kind, { value, from }];
    const may = to.filter((name) => approversOf(kind).includes(name));
    return [kind, { value: may.length > 0 ? { after, means, to: may } : { after, means: 'hold' }, from }];
  });
  return { ...decisions, silence: Object.fromEntries(bounded) as SourcedRules['silence'] };
}

/** The field that counts for a kind if a file does not set that kind's own field. */
function orElse(kind: DecisionKind, rows: 'quorum' | 'silence'): { orElse?: string } {
  return isScopeKind(kind) ? { orElse: `decisions.${rows}.${SCOPE}` } : {};
}

type Name = `quorum.${QuorumKind}` | `silence.${DecisionKind}`;

/** The fields of policy under `decisions`, by name. */
export const DECISION_FIELDS = {
  'decisions.signatures': stricter<DecisionRules['signatures']>('optional', 'required'),
  'decisions.bound': stricter<DecisionRules['bound']>('optional', 'required'),
  'decisions.expiresAt': stricter<'required' | 'optional'>('optional', 'required'),
  'decisions.approvers': approvers,
  'decisions.selfApproval': stricter<DecisionRules['selfApproval']>('allow', 'deny'),
  ...(Object.fromEntries([
    ...QUORUM_KINDS.map((kind) => [`decisions.quorum.${kind}`, { ...quorum, ...orElse(kind, 'quorum') }]),
    ...DECISION_KINDS.map((kind) => [`decisions.silence.${kind}`, { ...silence, ...orElse(kind, 'silence') }]),
  ]) as Record<`decisions.${Name}`, Field<unknown>>),
};
