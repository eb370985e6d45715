/**
 * What a person signs when they decide: one line of canonical JSON that names the run, the decision, its bytes, the
 * verdict and the message.
 * Rule: whatever would make it another decision is in the text, so that a signature can't be moved to anything else.
 */
import type { DecisionKind } from './approvers.ts';
import { canonicalJson, digestText, digestValue } from './digest.ts';
import type { MessageOf } from './messages.ts';
import type { Plan } from './plan.ts';

/** The namespace of SSH signatures: one made for anything else, such as a commit, never counts here. */
export const SIGNATURE_NAMESPACE = 'coxswain-decision@v1';

/** Messages that decide something, and so may be signed. */
export type DecidingMessage = MessageOf<'approve' | 'reject' | 'answer' | 'revisePlan' | 'choose'>;

/** What is decided: the workflow that owns it, and when it was opened, so that no later run's decision is meant. */
export interface Subject {
  workflow: string;
  id: string;
  kind: DecisionKind;
  digest: string;
  openedAt: number;
}

/** The text to sign, without a line end: JSON with sorted keys and no blanks. */
export function renderSignedText(subject: Subject, message: DecidingMessage): string {
  const said = wordsOf(message);
  return canonicalJson({
    decision: subject.id,
    digest: subject.digest,
    expiresAt: message.expiresAt ?? null,
    kind: subject.kind,
    message: message.id ?? null,
    noteDigest: said === undefined ? null : digestText(said),
    openedAt: subject.openedAt,
    verdict: message.verb,
    workflow: subject.workflow,
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
export function subjectOfRevision(workflow: string, current: { version: number; digest: string }, plan: Plan): Subject {
  const digest = digestValue({ from: current.digest, to: plan });
  return { workflow, id: `plan/${current.version}`, kind: 'plan', digest, openedAt: 0 };
}

/** A choice among agents that still race, before anybody is asked to choose. */
export function subjectOfEarlyChoice(workflow: string, task: string, agents: readonly string[]): Subject {
  const digest = digestValue(agents.toSorted());
  return { workflow, id: `${task}/choice`, kind: 'choice', digest, openedAt: 0 };
}
