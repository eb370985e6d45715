/**
 * Who may decide what, by policy: the approvers and their keys, the quorum, whether people may approve what they asked
 * for, and what happens if nobody decides.
 * Rule: if policy lists approvers, only they count. Defaults are those of one's own machine: one approval, by anyone.
 */
import { z } from 'zod';
import type { Risk } from '../risk.ts';
import type { DecisionKind, QuorumKind, SubjectKind } from './decision-kinds.ts';
import { DECISION_KINDS, describeKind, isScopeKind, RIGHTS, SCOPE } from './decision-kinds.ts';

/** The default risk of each kind of decision. */
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

/**
 * A name without characters that have a meaning in ssh-keygen's list of allowed signers: blanks, commas, wildcards,
 * quotes.
 */
const approverName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$/, 'a name of letters, digits and . _ @ + -');
/** Types of keys with which ssh-keygen makes one kind of signature each. RSA and certificates are left out. */
const PUBLIC_KEY =
  /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]{40,2000}={0,2}( [^\r\n]*)?$/;
const day = z.union([z.iso.date(), z.iso.datetime()]);

const approverSchema = z.strictObject({
  name: approverName,
  /** One line, as in the `.pub` file. */
  publicKey: z.string().regex(PUBLIC_KEY, 'an SSH public key: ed25519 or ECDSA, also of a security key'),
  /** Kinds of decisions, and `control`. All if left out. */
  may: z.array(z.enum([...RIGHTS, SCOPE])).optional(),
  /** The key counts from `validAfter` on and before `validBefore` (UTC). */
  validAfter: day.optional(),
  validBefore: day.optional(),
});
export type Approver = z.infer<typeof approverSchema>;

export const approversSchema = z
  .array(approverSchema)
  .max(100)
  .refine((all) => new Set(all.map(({ publicKey }) => keyWithoutComment(publicKey))).size === all.length, {
    message: 'two approvers have the same key',
  });

export const silenceSchema = z.strictObject({
  /** Seconds without a decision. */
  after: z.int().min(1).max(31_536_000),
  /** `proceed` counts only if the risk is low; otherwise it means `hold`. */
  means: z.enum(['hold', 'escalate', 'deny', 'proceed']),
  /** Names of approvers who may also decide after an escalation. */
  to: z.array(approverName).max(100).optional(),
});
export type Silence = z.infer<typeof silenceSchema>;

/** The policy on decisions that is in force. */
export interface DecisionRules {
  signatures: 'required' | 'optional';
  bound: 'required' | 'optional';
  /** Left out in runs from before this field. */
  expiresAt?: 'required' | 'optional';
  /** Null if anyone may decide. */
  approvers: Approver[] | null;
  selfApproval: 'allow' | 'deny';
  quorum: Partial<Record<QuorumKind, number>>;
  silence: Partial<Record<DecisionKind, Silence>>;
}

/** The defaults, for one's own machine: anyone who can send a message may decide, and there are no timeouts. */
export const OPEN_RULES: DecisionRules = {
  signatures: 'optional',
  bound: 'optional',
  expiresAt: 'optional',
  approvers: null,
  selfApproval: 'allow',
  quorum: {},
  silence: {},
};

/** The fields of a decision that these rules read. */
export interface Decided {
  kind: DecisionKind;
  openedAt: number;
  risk?: Risk;
  /** Further people who may decide, after an escalation. */
  escalatedTo?: string[];
  /** When its timeout action ran, in milliseconds. */
  overdueAt?: number;
}

export function riskOf({ kind, risk }: Pick<Decided, 'kind' | 'risk'>): Risk {
  return risk ?? RISKS[kind];
}

/** The fields of a message or decision that say who may send or make it. */
interface Weighable {
  kind: SubjectKind;
  escalatedTo?: string[] | undefined;
}

/**
 * The approvers, with their keys, who may make a decision; null if anyone may. If no approver has the right `control`,
 * all who may decide something may give orders.
 */
export function listApprovers(rules: DecisionRules, { kind, escalatedTo }: Weighable): Approver[] | null {
  if (rules.approvers === null || kind === 'request' || kind === 'steer') return rules.approvers;
  const isNamed = rules.approvers.some(({ may }) => may?.includes('control'));
  return rules.approvers.filter(({ name, may }) => {
    if (mayDecide(may, kind) || escalatedTo?.includes(name)) return true;
    return kind === 'control' && !isNamed && may !== undefined && may.length > 0;
  });
}

/** Whether an approver has a right. An approver without a list of rights has all. */
export function mayDecide(may: Approver['may'], kind: (typeof RIGHTS)[number] | typeof SCOPE): boolean {
  return may === undefined || may.includes(kind) || (isScopeKind(kind) && may.includes(SCOPE));
}

/** The names of these approvers, each once; null if anyone may decide. */
export function listDeciders(rules: DecisionRules, decision: Weighable): string[] | null {
  const approvers = listApprovers(rules, decision);
  return approvers && [...new Set(approvers.map(({ name }) => name))];
}

/** How many people must approve. */
export function quorumOf(rules: DecisionRules, kind: SubjectKind): number {
  return (rules.quorum as Partial<Record<SubjectKind, number>>)[kind] ?? 1;
}

/** When a decision's timeout action is due, in milliseconds; null if there is none, or if it has already run. */
export function dueAt(rules: DecisionRules, decision: Decided): number | null {
  const silence = rules.silence[decision.kind];
  return silence && decision.overdueAt === undefined ? decision.openedAt + silence.after * 1000 : null;
}

/** An SSH public key without its comment. */
export function keyWithoutComment(publicKey: string): string {
  return publicKey.split(' ', 2).join(' ');
}

/** Why some decision could never be made under these rules, or could not follow them. */
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
      ? [`decisions.silence.${kind} escalates to nobody: name people in "to"`]
      : []),
    ...unknown.map((name) => `decisions.silence.${kind} escalates to ${name}, who is not one of decisions.approvers`),
    ...(silence?.means === 'proceed' && RISKS[kind] === 'high'
      ? [`decisions.silence.${kind} can't proceed: the risk of ${describeKind(kind)} is never low`]
      : []),
    ...(others && others.length < quorum
      ? [
          `${describeKind(kind)} needs ${quorum} ${quorum === 1 ? 'approval' : 'approvals'}, and only these approvers may decide it: ${others.join(', ') || 'none'}`,
        ]
      : []),
  ];
}

/** Whether two names mean the same person. Case is ignored. */
export function isSame(one: string, other: string | undefined): boolean {
  return other !== undefined && one.trim().toLowerCase() === other.trim().toLowerCase();
}
