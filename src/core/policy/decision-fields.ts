/**
 * How layers of policy join their fields on decisions: signatures, approvers, quorum, timeouts.
 * Rule: the result is as strict as both layers: required over optional, deny over allow, the larger quorum, the
 * approvers in both lists, and the timeout action that allows less.
 */
import { z } from 'zod';
import type { Approver, DecisionRules, Silence } from './approvers.ts';
import { approversSchema, keyWithoutComment, mayDecide, OPEN_RULES, silenceSchema } from './approvers.ts';
import type { DecisionKind, QuorumKind } from './decision-kinds.ts';
import { DECISION_KINDS, describeKind, isScopeKind, QUORUM_KINDS, RIGHTS, SCOPE } from './decision-kinds.ts';
import type { Field, InForce } from './fields.ts';
import { each, least, newer, older, word } from './fields.ts';

/** Null means anyone. Two lists become the list of approvers that are in both. */
const approvers: Field<Approver[] | null> = {
  schema: approversSchema,
  says: 'Who may decide, with their public SSH keys and rights. Left out: anyone.',
  joins: 'the approvers in both lists',
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
function silence(kind: string): Field<Silence | null> {
  return {
    schema: silenceSchema,
    says: `What happens if nobody decides ${kind}. Left out: it waits.`,
    joins: 'what allows less',
    builtIn: { limit: { after: 1, means: 'proceed' }, value: null },
    tighten: tightenSilence,
  };
}

function tightenSilence(one: Silence | null, other: Silence | null): Silence | null {
  const [a, b] = [one && plain(one), other && plain(other)];
  const [cautionA, cautionB] = [CAUTION[a?.means ?? 'hold'], CAUTION[b?.means ?? 'hold']];
  if (cautionA !== cautionB) return cautionA > cautionB ? a : b;
  if (!a || !b) return a ?? b;
  // A time until something goes on: the later one wins. A time until work stops or is marked as overdue: the earlier
  // one wins.
  const waits = cautionA < CAUTION.hold;
  const after = waits ? Math.max(a.after, b.after) : Math.min(a.after, b.after);
  return plain({ after, means: a.means, to: (a.to ?? []).filter((name) => b.to?.includes(name)) });
}

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
function orElse(kind: string, rows: 'quorum' | 'silence'): { orElse?: string } {
  return isScopeKind(kind) ? { orElse: `decisions.${rows}.${SCOPE}` } : {};
}

function quorum(kind: QuorumKind | typeof SCOPE): Field<number> {
  const says = `How many different people must approve ${describeKind(kind)}.`;
  return least(z.int().min(1).max(20), { limit: 1, value: 1 }, says);
}

/** The fields of policy under `decisions`. */
export const DECISIONS = {
  signatures: word(['optional', 'required'], 'Whether a decision counts only with a signature of a listed approver.'),
  bound: word(['optional', 'required'], 'Whether an approval must name the digest of what its sender looked at.'),
  expiresAt: newer(word(['optional', 'required'], 'Whether a signature must say until when it counts.')),
  approvers,
  selfApproval: word(['allow', 'deny'], 'Whether people who requested a refactor, or wrote its plan, may approve it.'),
  quorum: {
    ...each(QUORUM_KINDS, (kind) => ({ ...quorum(kind), ...orElse(kind, 'quorum') })),
    [SCOPE]: older(quorum(SCOPE)),
  },
  silence: {
    ...each(DECISION_KINDS, (kind) => ({ ...silence(describeKind(kind)), ...orElse(kind, 'silence') })),
    [SCOPE]: older(silence(describeKind(SCOPE))),
  },
};

/** Policy on decisions in force, each field with the layer that it comes from. */
export type SourcedRules = InForce<typeof DECISIONS>;

/** The rules in a policy. Runs from before there were any have the open rules. */
export function rulesOf({ decisions }: { decisions?: SourcedRules }): DecisionRules {
  if (!decisions) return OPEN_RULES;
  const { signatures, bound, expiresAt, approvers, selfApproval } = decisions;
  return {
    signatures: signatures.value,
    bound: bound.value,
    ...(expiresAt ? { expiresAt: expiresAt.value } : {}),
    approvers: approvers.value,
    selfApproval: selfApproval.value,
    quorum: Object.fromEntries(QUORUM_KINDS.map((kind) => [kind, rowOf(decisions.quorum, kind)?.value])),
    silence: Object.fromEntries(
      DECISION_KINDS.flatMap((kind) => {
        const value = rowOf(decisions.silence, kind)?.value;
        return value ? [[kind, value]] : [];
      }),
    ),
  };
}

/** The entry for a kind. Older policies in force have one entry for the four kinds together. */
function rowOf<T>(rows: Partial<Record<string, T>>, kind: DecisionKind): T | undefined {
  return rows[kind] ?? (isScopeKind(kind) ? rows[SCOPE] : undefined);
}
