/**
 * A warrant: the reasons why an activity may run, in its input, so that the worker can judge them itself.
 * Rule: a warrant contains what was signed, never a verdict. The worker reads policy, renders the text and counts.
 */
import { z } from 'zod';
import type { DecisionRules } from '../policy/approvers.ts';
import type { DecisionKind } from '../policy/decision-kinds.ts';
import { isScopeKind } from '../policy/decision-kinds.ts';
import type { Decision, Approval } from './control.ts';
import { canonicalJson } from '../digest.ts';
import { canonicalRepository } from '../place.ts';
import type { EffectivePolicy, Policy } from '../policy/policy.ts';
import { fieldOf, isLooser, listFields } from '../policy/policy.ts';
import type { Subject } from './signed-text.ts';
import { describeSubject } from './signed-text.ts';

/** A decision with its approvals. Its subject is missing, since the worker computes that. */
export type GivenDecision = Pick<Decision, 'id' | 'kind' | 'shownAs' | 'digest' | 'openedAt'> & {
  approvals: Approval[];
};

/** The reasons why an activity may run. Left out in runs from before workers judged them. */
export interface Warrant {
  team: string | null;
  /** The run's own layer of policy: the only layer that a worker can't read. */
  run: Policy | null;
  /** Digest of the start's input with the setup that runs. A person grants a network for one start. */
  startDigest?: string;
  /** Digest of the organisation's files that the run uses; null if there were none. */
  organisation?: string | null;
  /** Who asked for the run; null if nobody is named. */
  authors: string[] | null;
  /** The policy that the run uses, if fields of it are compared. */
  policy?: EffectivePolicy;
  decision?: GivenDecision;
}

/** A warrant with the run's own layer, its authors, and the decision, if there is one. */
export function warrantFor(
  of: {
    team?: string | null | undefined;
    run?: Policy | null | undefined;
    startDigest?: string | undefined;
    authors: string[] | null;
    organisation?: string | null | undefined;
  },
  decision?: Decision,
): Warrant {
  const { team, run, authors, organisation, startDigest } = of;
  return {
    team: team ?? null,
    run: run ?? null,
    authors,
    ...(organisation === undefined ? {} : { organisation }),
    ...(startDigest === undefined ? {} : { startDigest }),
    ...(decision ? { decision: givenOf(decision) } : {}),
  };
}

/** A decision without its words. */
export function givenOf({ id, kind, shownAs, digest, openedAt, approvals = [] }: Decision): GivenDecision {
  return { id, kind, ...(shownAs ? { shownAs } : {}), digest, openedAt, approvals };
}

/** Why a run's policy is looser than the worker's reading of it, in the given fields; undefined if it is not. */
export function describeLooser(
  claimed: EffectivePolicy | undefined,
  read: EffectivePolicy,
  fields: RegExp,
): string | undefined {
  if (!claimed) return undefined;
  const before = new Map(listFields(claimed).map((field) => [field.name, field]));
  const lines = listFields(read).flatMap((theirs) => {
    const mine = before.get(theirs.name);
    if (!mine || !fields.test(mine.name) || !isLooser(fieldOf(mine.name), mine.value, theirs.value)) return [];
    const show = ({ value, from }: typeof mine): string => `${JSON.stringify(value).slice(0, 200)} (${from})`;
    return [`${mine.name}: the run uses ${show(mine)}, this worker reads ${show(theirs)}`];
  });
  return lines.length > 0 ? lines.join('; ') : undefined;
}

/** The rules with only the keys that are valid now. A key that has expired can't approve. */
export function rulesAt(rules: DecisionRules, now: number): DecisionRules {
  const approvers = rules.approvers?.filter(
    ({ validAfter, validBefore }) =>
      (validAfter === undefined || Date.parse(validAfter) <= now) &&
      (validBefore === undefined || now < Date.parse(validBefore)),
  );
  return { ...rules, approvers: approvers ?? null };
}

/** What a decision must be about, computed by the worker. */
export interface Wanted {
  workflow: string;
  kind: DecisionKind;
  digest: string;
  namespace: string;
  repository: string;
}

/**
 * The subject on which an approval is weighed. Whether it was escalated follows from policy and time; the input's word
 * does not count.
 */
export function subjectFor(
  rules: DecisionRules,
  { decision, approval, now }: { decision: GivenDecision; approval: Approval; now: number },
  { workflow, kind, digest }: Wanted,
): Subject & { escalatedTo?: string[] } {
  const silence = rules.silence[kind];
  const isEscalated =
    silence?.means === 'escalate' && Math.min(approval.at, now) >= decision.openedAt + silence.after * 1000;
  const { id, openedAt, shownAs } = decision;
  const word = shownAs ? { shownAs } : {};
  return { workflow, kind, ...word, digest, id, openedAt, ...(isEscalated ? { escalatedTo: silence.to ?? [] } : {}) };
}

const textSchema = z.looseObject({
  expiresAt: z.string().nullable(),
  leaveOut: z.array(z.string()).optional(),
  message: z.string().nullable(),
  noteDigest: z.string().nullable(),
  firstRun: z.string().optional(),
  run: z.string().optional(),
});

/**
 * Why a signed text does not approve exactly this; undefined if it does. Older texts lack namespace, repository and
 * run.
 */
export function findMisfit(
  text: string,
  { rules, subject, wanted, at }: { rules: DecisionRules; subject: Subject; wanted: Wanted; at: number },
): string | undefined {
  const read = readText(text);
  if (!read) return 'the signed text is not a decision';
  const { expiresAt, leaveOut, message, noteDigest, firstRun = '', run } = read;
  const { namespace, repository } = wanted;
  const place =
    run === undefined ? undefined : { namespace, repository: canonicalRepository(repository), firstRun, run };
  // An approval of effects may be partial: `signedLeaveOut` lists what is left out.
  const part = leaveOut === undefined || !isScopeKind(subject.kind) ? {} : { leaveOut };
  const said = { expiresAt, message, noteDigest, verdict: 'approve', ...part };
  if (text !== canonicalJson({ ...describeSubject({ ...subject, place }), ...said }))
    return 'the signed text is about another decision, digest, verdict, repository or run';
  if (expiresAt === null)
    return rules.expiresAt === 'required' ? 'policy requires an expiry in the signature' : undefined;
  return Date.parse(expiresAt) > at ? undefined : `the signature expired at ${expiresAt}`;
}

/** Paths and globs that the approvers signed to leave out, each once. */
export function signedLeaveOut({ approvals }: GivenDecision): string[] {
  return [...new Set(approvals.flatMap(({ proof }) => readText(proof?.text ?? '')?.leaveOut ?? []))];
}

function readText(text: string): z.infer<typeof textSchema> | undefined {
  try {
    return textSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
