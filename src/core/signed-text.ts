/**
 * What a person signs when they decide: one line of canonical JSON that names the namespace, the repository, the run,
 * the decision, its bytes, the verdict and the message.
 * Rule: whatever would make it another decision is in the text, so that a signature can't be moved to anything else.
 */
import type { DecisionKind } from './approvers.ts';
import { canonicalJson, digestText, digestValue } from './digest.ts';
import type { MessageOf } from './messages.ts';
import type { Place } from './place.ts';
import type { Plan } from './plan.ts';

/** The namespace of SSH signatures: one made for anything else, such as a commit, never counts here. */
export const SIGNATURE_NAMESPACE = 'coxswain-decision@v1';

/** Messages that decide something, and so may be signed. */
export type DecidingMessage = MessageOf<'approve' | 'reject' | 'answer' | 'revisePlan' | 'choose'>;

/** What is decided: the workflow that owns it, and when and where it was opened, so that no other opening is meant. */
export interface Subject {
  workflow: string;
  id: string;
  kind: DecisionKind;
  digest: string;
  openedAt: number;
  /** Left out by runs from before signed texts named it: their texts stay as they were. */
  place?: Place | undefined;
}

/** The part of the text that is the same for every message about a subject. */
export interface SubjectText extends Partial<Place> {
  decision: string;
  digest: string;
  kind: string;
  openedAt: number;
  workflow: string;
}

/** The fields that name a subject; who signs by hand adds those of their message. */
export function describeSubject({ workflow, id, kind, digest, openedAt, place }: Subject): SubjectText {
  return { decision: id, digest, kind, openedAt, workflow, ...place };
}

/** The text to sign, without a line end: JSON with sorted keys and no blanks. */
export function renderSignedText(subject: Subject, message: DecidingMessage): string {
  const said = wordsOf(message);
  return canonicalJson({
    ...describeSubject(subject),
    expiresAt: message.expiresAt ?? null,
    message: message.id ?? null,
    noteDigest: said === undefined ? null : digestText(said),
    verdict: message.verb,
  });
}

function wordsOf(message: DecidingMessage): string | undefined {
  switch (message.verb) {
    case 'approve':
    case 'reject':
      return message.note;
    case 'answer':
      return message.text;
    case 'choose':
      return message.agent;
    case 'revisePlan':
      return undefined;
  }
}

/** A revision of the plan, which is decided by whoever sends it: from exactly this plan to exactly that. */
export function subjectOfRevision(
  workflow: string,
  current: { version: number; digest: string },
  plan: Plan,
  place?: Place,
): Subject {
  const digest = digestValue({ from: current.digest, to: plan });
  return { workflow, id: `plan/${current.version}`, kind: 'plan', digest, openedAt: 0, place };
}

/** A choice among agents that still race, before anybody is asked to choose. */
export function subjectOfEarlyChoice(
  workflow: string,
  task: string,
  agents: readonly string[],
  place?: Place,
): Subject {
  const digest = digestValue(agents.toSorted());
  return { workflow, id: `${task}/choice`, kind: 'choice', digest, openedAt: 0, place };
}
