/**
 * Whether a deciding message counts: by its sender, the sender's rights, the digest that it names, and the quorum.
 * Rule: nothing here throws. A signature is always verified, and what was verified is compared with the current state
 * before it counts.
 */
import type { Approver, Decided, DecisionRules } from '../policy/approvers.ts';
import { isSame, listApprovers, listDeciders, quorumOf } from '../policy/approvers.ts';
import { describeKind } from '../policy/decision-kinds.ts';
import type { Approval } from './control.ts';
import { canonicalJson } from '../digest.ts';
import type { SignedMessage, Subject } from './signed-text.ts';
import { renderSignedText } from './signed-text.ts';

/**
 * Most bytes of an armored signature. An ed25519 one has 300; one of a security key, with its extra fields, has fewer
 * than this.
 */
const MAX_SIGNATURE_BYTES = 8192;
const ARMOR = /^\s*-----BEGIN SSH SIGNATURE-----[A-Za-z0-9+/=\s]+-----END SSH SIGNATURE-----\s*$/;

/** What a worker must know to verify a signature, and nothing more. */
export interface SignatureQuestion {
  text: string;
  signature: string;
  /** The approver that the message names, if it names one. */
  signer: string | null;
  approvers: Pick<Approver, 'name' | 'publicKey' | 'validAfter' | 'validBefore'>[];
  /** When the keys must be valid, in milliseconds. */
  at: number;
}

/**
 * A good verdict repeats the verified text: after a reset, the run replays the verdict from its history, and only this
 * field says what was signed then.
 */
export type SignatureCheck = { kind: 'good'; principal: string; text?: string } | { kind: 'bad'; reason: string };

/** An answered question. It counts only while the same question would be asked. */
export interface Verified {
  question: SignatureQuestion;
  verdict: SignatureCheck;
}

export type Weighing =
  | { kind: 'counts'; approval: Approval; name: string }
  | { kind: 'verify'; question: SignatureQuestion }
  | { kind: 'refused'; reason: string };

export interface Weighed {
  rules: DecisionRules;
  subject: Subject & Pick<Decided, 'escalatedTo'>;
  /** Who asked for what is decided; null if unknown. */
  authors: string[] | null;
  message: SignedMessage;
  /** Whether the message named the digest of what it is about. */
  bound: boolean;
  at: number;
  verified: Verified | undefined;
}

/** Weighs a message: it counts, must be verified first, or is refused with the reason. */
export function weigh(weighed: Weighed): Weighing {
  const { rules, message, subject, at } = weighed;
  if (message.signature === undefined) {
    if (rules.signatures === 'required')
      return refused(
        `only signed decisions count here, and this one is not signed: sign it with \`cox ${message.verb}\``,
      );
    const by = message.by ?? 'unknown';
    return allow(weighed, by, { by, principal: null, at, bound: weighed.bound, signed: false });
  }
  const question = askOf(weighed, message.signature);
  if (typeof question === 'string') return refused(question);
  if (!weighed.verified) return { kind: 'verify', question };
  if (!isSameQuestion(question, weighed.verified.question))
    return refused(`${subject.id} or its policy changed while the signature was verified: look again, then decide`);
  const { verdict } = weighed.verified;
  if (verdict.kind === 'bad') return refused(`the signature does not count: ${verdict.reason}`);
  const { principal, text = question.text } = verdict;
  const proof = { text, signature: question.signature };
  return allow(weighed, principal, { by: message.by ?? principal, principal, at, bound: true, signed: true, proof });
}

function refused(reason: string): Weighing {
  return { kind: 'refused', reason };
}

/** What to verify about a signed message, or why that is impossible. */
function askOf({ rules, subject, message, at }: Weighed, signature: string): SignatureQuestion | string {
  const approvers = listApprovers(rules, subject);
  if (approvers === null) return 'policy lists no approvers (decisions.approvers), so no signature can count';
  if (approvers.length === 0) return `policy lists nobody who may decide ${describeKind(subject.kind)}`;
  if (signature.length > MAX_SIGNATURE_BYTES || !ARMOR.test(signature))
    return 'the signature is not an armored SSH signature';
  if (message.expiresAt === undefined && rules.expiresAt === 'required')
    return 'policy requires an expiry in the signature (decisions.expiresAt): add expiresAt, and sign it';
  if (message.expiresAt !== undefined && Date.parse(message.expiresAt) <= at)
    return `the signature expired at ${message.expiresAt}`;
  return {
    text: renderSignedText(subject, message),
    signature,
    signer: message.signer ?? null,
    approvers: approvers.map(({ may: _, ...key }) => key),
    at,
  };
}

function isSameQuestion(one: SignatureQuestion, other: SignatureQuestion): boolean {
  return canonicalJson({ ...one, at: 0 }) === canonicalJson({ ...other, at: 0 });
}

/** Whether a person whose name is known may make this decision. */
export function allow(
  {
    rules,
    subject,
    authors,
    message,
  }: Pick<Weighed, 'rules' | 'subject' | 'authors'> & { message: Pick<SignedMessage, 'verb'> },
  name: string,
  approval: Approval,
): Weighing {
  const deciders = listDeciders(rules, subject);
  if (deciders !== null && !deciders.includes(name)) {
    const who = deciders.join(', ') || 'nobody';
    return refused(`${name} may not decide ${describeKind(subject.kind)} here; who may: ${who}`);
  }
  if (message.verb === 'approve' || message.verb === 'choose') {
    if (rules.selfApproval === 'deny' && authors === null)
      return refused('policy denies self-approval, and it is unknown who requested this: start it with requestedBy');
    if (rules.selfApproval === 'deny' && authors?.some((author) => isSame(name, author)))
      return refused(`${name} asked for this: policy wants somebody else to approve it (decisions.selfApproval)`);
  }
  if (message.verb === 'approve' && rules.bound === 'required' && !approval.bound)
    return refused(`policy wants the digest of what you looked at (decisions.bound): ${subject.digest.slice(0, 12)}`);
  return { kind: 'counts', approval, name };
}

export type Tally =
  | { kind: 'enough'; approvals: Approval[]; by: string }
  | { kind: 'more'; approvals: Approval[]; detail: string }
  | { kind: 'again'; detail: string };

/** Adds an approval to those that are still valid under the current rules. Each person counts once. */
export function countApproval(
  rules: DecisionRules,
  decision: Subject & Pick<Decided, 'escalatedTo'> & { approvals?: Approval[] },
  approval: Approval,
): Tally {
  const deciders = listDeciders(rules, decision);
  const standing = (decision.approvals ?? []).filter(
    (one) => (deciders === null || deciders.includes(nameOf(one))) && (rules.signatures === 'optional' || one.signed),
  );
  const quorum = quorumOf(rules, decision.kind);
  const shown = (approvals: readonly Approval[]): string =>
    `${approvals.length} of ${quorum} approvals: ${approvals.map(nameOf).join(', ')}`;
  if (standing.some((one) => isSame(nameOf(one), nameOf(approval))))
    return { kind: 'again', detail: `${nameOf(approval)} has approved ${decision.id} already; ${shown(standing)}` };
  const approvals = [...standing, approval];
  if (approvals.length < quorum) return { kind: 'more', approvals, detail: shown(approvals) };
  return { kind: 'enough', approvals, by: approvals.map(nameOf).join(', ') };
}

/** The name under which an approval counts. */
export function nameOf({ principal, by }: Approval): string {
  return principal ?? by;
}
