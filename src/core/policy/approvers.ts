/**
 * Who may decide what, by policy: the approvers and their keys, how many it takes, whether they may decide what they
 * asked for, and what silence does.
 * Rule: where policy lists approvers, nobody else counts; what it leaves out is as on one's own machine: one, anyone.
 */
import { z } from 'zod';
import type { Risk } from '../risk.ts';
import type { DecisionKind, QuorumKind, SubjectKind } from './decision-kinds.ts';
import { DECISION_KINDS, describeKind, isScopeKind, QUORUM_KINDS, RIGHTS, SCOPE } from './decision-kinds.ts';

/** The risk of a decision that was opened without one. */
const RISKS: Record<DecisionKind, Risk> = {
  plan: 'high',
  delivery: 'high',
  baseline: 'medium',
  checks: 'high',
  call: 'medium',
  outside: 'medium',
  effects: 'medium',
  integration: 'medium',
  review: 'medium',
  budget: 'high',
  question: 'low',
  choice: 'medium',
};

/** A name without what means something in a list of allowed signers: blanks, commas, wildcards, quotes. */
const approverName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/, 'a name of letters, digits and . _ @ + -');
/** Types whose keys ssh-keygen makes signatures of one kind with; RSA and certificates are left out. */
const PUBLIC_KEY =
  /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]{40,2000}={0,2}( [^\r\n]*)?$/;
const day = z.union([z.iso.date(), z.iso.datetime()]);

const approverSchema = z.strictObject({
  name: approverName,
  /** One line, as in the `.pub` file. */
  publicKey: z.string().regex(PUBLIC_KEY, 'an SSH public key: ed25519 or ECDSA, also of a security key'),
  /** Kinds of decisions, and `control`; all if left out. */
  may: z.array(z.enum([...RIGHTS, SCOPE])).optional(),
  /** The key counts from here on, and no longer than this (UTC). */
  validAfter: day.optional(),
  validBefore: day.optional(),
});
export type Approver = z.infer<typeof approverSchema>;

const approversSchema = z
  .array(approverSchema)
  .max(100)
  .refine((all) => new Set(all.map(({ publicKey }) => plainKey(publicKey))).size === all.length, {
    message: 'two approvers have the same key',
  });

const silenceSchema = z.strictObject({
  /** Seconds without a decision. */
  after: z.int().min(1).max(31_536_000),
  /** `proceed` only ever counts where the risk is low; elsewhere it is as `hold`. */
  means: z.enum(['hold', 'escalate', 'deny', 'proceed']),
  /** Names who may decide too, once it is escalated. */
  to: z.array(approverName).max(100).optional(),
});
export type Silence = z.infer<typeof silenceSchema>;

/** An object with the same optional field for each of some kinds. */
function each<K extends DecisionKind | typeof SCOPE, T extends z.ZodType>(
  kinds: readonly K[],
  schema: T,
): z.ZodObject<Record<K, z.ZodOptional<T>>, z.core.$strict> {
  return z.strictObject(
    Object.fromEntries(kinds.map((kind) => [kind, schema.optional()])) as Record<K, z.ZodOptional<T>>,
  );
}

/** Policy on decisions, as people write it; every field may be left out. */
export const decisionsPolicySchema = z.strictObject({
  /** Whether a decision counts only with a signature of a listed approver. */
  signatures: z.enum(['required', 'optional']).optional(),
  /** Whether an approval has to name the digest of what was looked at. */
  bound: z.enum(['required', 'optional']).optional(),
  /** Whether a signature has to say until when it counts. */
  expiresAt: z.enum(['required', 'optional']).optional(),
  approvers: approversSchema.optional(),
  /** Whether who requested a refactor, or wrote its plan, may approve. */
  selfApproval: z.enum(['allow', 'deny']).optional(),
  /** Approvals by different people that it takes; 1 if left out. */
  quorum: each([...QUORUM_KINDS, SCOPE], z.int().min(1).max(20)).optional(),
  silence: each([...DECISION_KINDS, SCOPE], silenceSchema).optional(),
});

/** The policy on decisions as it is in force. */
export interface DecisionRules {
  signatures: 'required' | 'optional';
  bound: 'required' | 'optional';
  /** Left out by runs from before there was such a field. */
  expiresAt?: 'required' | 'optional';
  /** Null where anyone may decide. */
  approvers: Approver[] | null;
  selfApproval: 'allow' | 'deny';
  quorum: Partial<Record<QuorumKind, number>>;
  silence: Partial<Record<DecisionKind, Silence>>;
}

/** On one's own machine: whoever can send a message may decide, and silence does nothing. */
export const OPEN_RULES: DecisionRules = {
  signatures: 'optional',
  bound: 'optional',
  expiresAt: 'optional',
  approvers: null,
  selfApproval: 'allow',
  quorum: {},
  silence: {},
};

/** What of a decision these rules look at. */
export interface Decided {
  kind: DecisionKind;
  openedAt: number;
  risk?: Risk;
  /** Who may decide beside those whom policy names, since it was escalated. */
  escalatedTo?: string[];
  /** When silence did what policy says of it. */
  overdueAt?: number;
}

export function riskOf({ kind, risk }: Pick<Decided, 'kind' | 'risk'>): Risk {
  return risk ?? RISKS[kind];
}

/** What a message is weighed as. */
interface Weighable {
  kind: SubjectKind;
  escalatedTo?: string[] | undefined;
}

/**
 * The approvers, with their keys, who may make a decision; null where anyone may. Where no approver is named for
 * `control`, whoever may decide anything may give orders.
 */
export function listApprovers(rules: DecisionRules, { kind, escalatedTo }: Weighable): Approver[] | null {
  if (rules.approvers === null || kind === 'request' || kind === 'steer') return rules.approvers;
  const isNamed = rules.approvers.some(({ may }) => may?.includes('control'));
  return rules.approvers.filter(({ name, may }) => {
    if (mayDecide(may, kind) || escalatedTo?.includes(name)) return true;
    return kind === 'control' && !isNamed && may !== undefined && may.length > 0;
  });
}

/** Whether an approver's entry has a right; one that has no list has all of them. */
export function mayDecide(may: Approver['may'], kind: (typeof RIGHTS)[number] | typeof SCOPE): boolean {
  return may === undefined || may.includes(kind) || (isScopeKind(kind) && may.includes(SCOPE));
}

/** Their names, each once; null where anyone may. */
export function listDeciders(rules: DecisionRules, decision: Weighable): string[] | null {
  const approvers = listApprovers(rules, decision);
  return approvers && [...new Set(approvers.map(({ name }) => name))];
}

/** How many people have to approve. */
export function quorumOf(rules: DecisionRules, kind: SubjectKind): number {
  return (rules.quorum as Partial<Record<SubjectKind, number>>)[kind] ?? 1;
}

/** When silence has its effect; null where it has none, or has had it. */
export function dueAt(rules: DecisionRules, decision: Decided): number | null {
  const silence = rules.silence[decision.kind];
  return silence && decision.overdueAt === undefined ? decision.openedAt + silence.after * 1000 : null;
}

/** An SSH public key without its comment. */
export function plainKey(publicKey: string): string {
  return publicKey.split(' ', 2).join(' ');
}

/** Why no decision could ever be made under these rules, or would never be as they say. */
export function findRuleProblems(rules: DecisionRules, requestedBy: string | undefined): string[] {
  const known = rules.approvers?.map(({ name }) => name) ?? null;
  const problems = DECISION_KINDS.flatMap((kind) => findKindProblems(rules, kind, known, requestedBy));
  if (rules.signatures === 'required' && (known ?? []).length === 0)
    problems.unshift('decisions.signatures are required, but decisions.approvers lists nobody who could sign');
  if (rules.selfApproval === 'deny' && requestedBy === undefined)
    problems.unshift('decisions.selfApproval is denied: say who requests this (requestedBy)');
  return problems;
}

function findKindProblems(
  rules: DecisionRules,
  kind: DecisionKind,
  known: string[] | null,
  requestedBy: string | undefined,
): string[] {
  const silence = rules.silence[kind];
  const escalatedTo = silence?.means === 'escalate' ? (silence.to ?? []) : [];
  const unknown = escalatedTo.filter((name) => known && !known.includes(name));
  const deciders = listDeciders(rules, { kind, escalatedTo });
  const others = deciders?.filter((name) => rules.selfApproval === 'allow' || !isSame(name, requestedBy));
  const quorum = quorumOf(rules, kind);
  return [
    ...(silence?.means === 'escalate' && escalatedTo.length === 0
      ? [`decisions.silence.${kind} escalates, but to nobody: name them (to)`]
      : []),
    ...unknown.map((name) => `decisions.silence.${kind} escalates to ${name}, who is not one of decisions.approvers`),
    ...(silence?.means === 'proceed' && RISKS[kind] === 'high'
      ? [`decisions.silence.${kind} can't proceed: the risk of ${describeKind(kind)} is never low`]
      : []),
    ...(others && others.length < quorum
      ? [
          `${describeKind(kind)} takes ${quorum} of decisions.approvers, who may decide it: ${others.join(', ') || 'nobody'}`,
        ]
      : []),
  ];
}

/** Whether two names mean one person; case does not tell people apart. */
export function isSame(one: string, other: string | undefined): boolean {
  return other !== undefined && one.trim().toLowerCase() === other.trim().toLowerCase();
}

type Sourced<T> = { value: T; from: string };
/** These rules in the policy in force: each field with the layer that it came from. */
export interface SourcedRules {
  signatures: Sourced<DecisionRules['signatures']>;
  bound: Sourced<DecisionRules['bound']>;
  expiresAt?: Sourced<'required' | 'optional'>;
  approvers: Sourced<Approver[] | null>;
  selfApproval: Sourced<DecisionRules['selfApproval']>;
  quorum: Record<QuorumKind, Sourced<number>>;
  silence: Record<DecisionKind, Sourced<Silence | null>>;
}

/** The rules in a policy; runs from before there were any have the open ones. */
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

/** A kind's row; policies that were read before there were rows for each of the four have one for all. */
function rowOf<T>(rows: Partial<Record<string, T>>, kind: DecisionKind): T | undefined {
  return rows[kind] ?? (isScopeKind(kind) ? rows[SCOPE] : undefined);
}
