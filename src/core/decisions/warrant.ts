/**
 * A warrant: what an activity's input says of why it may be done, so that the worker can judge that again by itself.
 * Rule: a warrant holds what was signed, never a verdict; the worker reads the policy, renders the text and counts.
 */
import { z } from 'zod';
import type { DecisionRules } from '../policy/approvers.ts';
import type { DecisionKind } from '../policy/decision-kinds.ts';
import { isScopeKind } from '../policy/decision-kinds.ts';
import type { Decision, Approval } from './control.ts';
import { canonicalJson } from '../digest.ts';
import { canonicalAddress } from '../place.ts';
import type { EffectivePolicy, Policy } from '../policy/policy.ts';
import { fieldOf, isLooser, listFields } from '../policy/policy.ts';
import type { Subject } from './signed-text.ts';
import { describeSubject } from './signed-text.ts';

/** A decision as its approvals were given; what it is about is not in it, since the worker computes that. */
export type GivenDecision = Pick<Decision, 'id' | 'kind' | 'shownAs' | 'digest' | 'openedAt'> & {
  approvals: Approval[];
};

/** Left out by runs from before workers judged by themselves. */
export interface Warrant {
  team: string | null;
  /** The run's own layer of policy: the one layer that a worker can't read. */
  run: Policy | null;
  /** Digest of the start's input with the setup that is run: a person says a network for one start. */
  startDigest?: string;
  /** Digest of the organisation's files that the run goes by; null where there were none. */
  organisation?: string | null;
  /** Who asked for the run; null where nobody is named. */
  authors: string[] | null;
  /** The policy that the run goes by, where fields of it are compared. */
  policy?: EffectivePolicy;
  decision?: GivenDecision;
}

/** What names a run's own part of its policy, and who asked for it. */
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

/** A decision without the words that it was shown with. */
export function givenOf({ id, kind, shownAs, digest, openedAt, approvals = [] }: Decision): GivenDecision {
  return { id, kind, ...(shownAs ? { shownAs } : {}), digest, openedAt, approvals };
}

type FieldName = Parameters<typeof fieldOf>[0];

/** Why a run that goes by one policy may not do what the worker's own reading would not let it; undefined if it may. */
export function describeLooser(
  claimed: EffectivePolicy | undefined,
  read: EffectivePolicy,
  fields: RegExp,
): string | undefined {
  if (!claimed) return undefined;
  const before = new Map(listFields(claimed).map((field) => [field.name, field]));
  const lines = listFields(read).flatMap((theirs) => {
    const mine = before.get(theirs.name);
    if (!mine || !fields.test(mine.name) || !isLooser(fieldOf(mine.name as FieldName), mine.value, theirs.value))
      return [];
    const show = ({ value, from }: typeof mine): string => `${JSON.stringify(value).slice(0, 200)} (${from})`;
    return [`${mine.name}: the run goes by ${show(mine)}, this worker reads ${show(theirs)}`];
  });
  return lines.length > 0 ? lines.join('; ') : undefined;
}

/** The rules with those keys only that are valid at a moment: a key that has expired since approves nothing now. */
export function rulesAt(rules: DecisionRules, now: number): DecisionRules {
  const approvers = rules.approvers?.filter(
    ({ validAfter, validBefore }) =>
      (validAfter === undefined || Date.parse(validAfter) <= now) &&
      (validBefore === undefined || now < Date.parse(validBefore)),
  );
  return { ...rules, approvers: approvers ?? null };
}

/** What a decision has to be about, as the worker knows it by itself. */
export interface Wanted {
  workflow: string;
  kind: DecisionKind;
  digest: string;
  namespace: string;
  repository: string;
}

/**
 * What an approval is weighed on. Who may decide since it was escalated follows from policy and time, and is not taken
 * from the input.
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
 * Why a signed text is no approval of exactly this; undefined where it is one. Texts of runs from before they named
 * namespace, repository and run have none of these.
 */
export function findMisfit(
  text: string,
  { rules, subject, wanted, at }: { rules: DecisionRules; subject: Subject; wanted: Wanted; at: number },
): string | undefined {
  const read = readText(text);
  if (!read) return 'what was signed is no decision';
  const { expiresAt, leaveOut, message, noteDigest, firstRun = '', run } = read;
  const { namespace, repository } = wanted;
  const place = run === undefined ? undefined : { namespace, repository: canonicalAddress(repository), firstRun, run };
  // Of effects only a part can be approved: `signedLeaveOut` says what is left out of them.
  const part = leaveOut === undefined || !isScopeKind(subject.kind) ? {} : { leaveOut };
  const said = { expiresAt, message, noteDigest, verdict: 'approve', ...part };
  if (text !== canonicalJson({ ...describeSubject({ ...subject, place }), ...said }))
    return 'what was signed is another decision, digest, verdict, repository or run';
  if (expiresAt === null)
    return rules.expiresAt === 'required' ? 'policy wants a signature to say until when it counts' : undefined;
  return Date.parse(expiresAt) > at ? undefined : `the signature expired at ${expiresAt}`;
}

/** What those who approved have signed to leave out, each path and glob once. */
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
