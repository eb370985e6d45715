/**
 * The text that people sign when they decide: one line of canonical JSON with the namespace, the repository, the run,
 * the decision, its digest, the verdict and the message.
 * Rule: everything that distinguishes one decision from another is in the text, so that a signature can't be used for
 * anything else.
 */
import type { SCOPE, SubjectKind } from '../policy/decision-kinds.ts';
import { canonicalJson, digestText, digestValue } from '../digest.ts';
import { shownKindOf } from '../policy/decision-kinds.ts';
import type { MessageOf, StartInput, Verb } from './messages.ts';
import type { Place } from '../place.ts';
import { canonicalRepository } from '../place.ts';
import type { Plan } from '../plan.ts';

/** The namespace of these SSH signatures. A signature for another purpose, such as a commit, never counts here. */
export const SIGNATURE_NAMESPACE = 'coxswain-decision@v1';

/** Messages that decide something. */
export type DecidingMessage = MessageOf<'approve' | 'reject' | 'answer' | 'revisePlan' | 'choose'>;
/** Messages that order something. */
export type OrderMessage = MessageOf<
  'steer' | 'withdraw' | 'edit' | 'pause' | 'resume' | 'stop' | 'rewind' | 'fork' | 'adoptPolicy'
>;
/** The fields of a start that its requester signs. */
export interface RequestMessage {
  verb: 'request';
  id?: string | undefined;
  signature?: string | undefined;
  signer?: string | undefined;
  expiresAt?: string | undefined;
  by?: string | undefined;
}
export type SignedMessage = DecidingMessage | OrderMessage | RequestMessage;

/**
 * What a message is about: a decision, its workflow, and when and where it was opened, so that no later opening is
 * meant.
 */
export interface Subject {
  workflow: string;
  id: string;
  kind: SubjectKind;
  shownAs?: typeof SCOPE;
  digest: string;
  openedAt: number;
  /** Left out in runs from before signed texts named a place; their texts stay the same. */
  place?: Partial<Place> | undefined;
}

/** The part of the text that is the same in every message about a subject. */
export interface SubjectText extends Partial<Place> {
  decision: string;
  digest: string;
  kind: string;
  openedAt: number;
  workflow: string;
}

/** The fields that name a subject. People who sign by hand add the fields of their message. */
export function describeSubject(subject: Subject): SubjectText {
  const { workflow, id, digest, openedAt, place } = subject;
  return { decision: id, digest, kind: shownKindOf(subject), openedAt, workflow, ...place };
}

/** The text to sign: JSON with sorted keys and no blanks, without a line end. */
export function renderSignedText(subject: Subject, message: SignedMessage): string {
  const said = wordsOf(message);
  const leaveOut = message.verb === 'approve' ? message.leaveOut : undefined;
  return canonicalJson({
    ...describeSubject(subject),
    expiresAt: message.expiresAt ?? null,
    // Texts without `leaveOut` are the same as in older versions.
    ...(leaveOut === undefined ? {} : { leaveOut }),
    message: message.id ?? null,
    noteDigest: said === undefined ? null : digestText(said),
    verdict: message.verb,
  });
}

/** The words of a message whose digest is signed separately. */
function wordsOf(message: SignedMessage): string | undefined {
  switch (message.verb) {
    case 'approve':
    case 'reject':
      return message.note;
    case 'answer':
      return message.text;
    case 'choose':
      return message.agent;
    default:
      return undefined;
  }
}

/**
 * A revision of the plan: from exactly the current plan to exactly the new one. The sender of the message decides it.
 */
export function subjectOfRevision(
  workflow: string,
  current: { version: number; digest: string },
  plan: Plan,
  place?: Place,
): Subject {
  const digest = digestValue({ from: current.digest, to: plan });
  return { workflow, id: `plan/${current.version}`, kind: 'plan', digest, openedAt: 0, place };
}

/** A choice among rivals that still work, before anybody is asked to choose. */
export function subjectOfEarlyChoice(
  workflow: string,
  task: string,
  agents: readonly string[],
  place?: Place,
): Subject {
  const digest = digestValue(agents.toSorted());
  return { workflow, id: `${task}/choice`, kind: 'choice', digest, openedAt: 0, place };
}

/** Whether a message guides agents in words, and so is weighed like a steer. */
export function isSteering(verb: Verb): verb is 'steer' | 'withdraw' | 'edit' {
  return verb === 'steer' || verb === 'withdraw' || verb === 'edit';
}

/** An order. It is about no open decision, so its digest covers everything that it says. */
export function subjectOfOrder(workflow: string, message: OrderMessage, place: Place | undefined): Subject {
  const { verb, by: _by, id: _id, signature: _signature, signer: _signer, expiresAt: _expiresAt, ...said } = message;
  const kind = isSteering(verb) ? 'steer' : 'control';
  return { workflow, id: verb, kind, digest: digestValue(said), openedAt: 0, place };
}

/** A start: its whole input, in the namespace in which the workflow is to run. */
export function subjectOfRequest(workflow: string, namespace: string, input: StartInput): Subject {
  const { signature: _signature, signer: _signer, expiresAt: _expiresAt, ...said } = input;
  const place = { namespace, repository: canonicalRepository(input.repository) };
  return { workflow, id: 'request', kind: 'request', digest: digestValue(said), openedAt: 0, place };
}
