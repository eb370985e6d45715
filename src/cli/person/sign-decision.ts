/**
 * Signs what a person decides, where policy asks for it or they name a key: finds what the decision is about, says what
 * is signed, and adds the signature to the message.
 * Rule: nothing is signed but what this run shows as open just now, and the signature soon expires.
 */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { queryRun, sendVerb } from '../../client/refactors.ts';
import { rulesOf } from '../../core/policy/decision-fields.ts';
import { escapeForPeople as safe } from '../../core/text/escape.ts';
import type { Message, MessageFields, MessageOf, Verb } from '../../core/decisions/messages.ts';
import { readMessage, readStart } from '../../core/decisions/messages.ts';
import { chooseDecision } from '../../core/decisions/open-decisions.ts';
import { mustSign } from '../../core/decisions/orders.ts';
import type { MessageResult } from '../../core/decisions/receipts.ts';
import type { Place } from '../../core/place.ts';
import type { Subject } from '../../core/decisions/signed-text.ts';
import {
  renderSignedText,
  subjectOfEarlyChoice,
  subjectOfOrder,
  subjectOfRequest,
  subjectOfRevision,
} from '../../core/decisions/signed-text.ts';
import { harmless } from '../../core/text/harmless.ts';
import type { NeedView } from '../../core/views/status.ts';
import type { VerbUpdate } from '../../workflows/messages.ts';
import { refactorQueries, runQueries } from '../../workflows/messages.ts';
import { findSigningKey, signText } from '../../signing/sign-text.ts';
import { findShownProblem } from './check-shown.ts';
import { StackError } from '../stack/open-stack.ts';

/** How long a signature counts: more than clocks differ, too short to hold one back for later. */
const VALID_MS = 3_600_000;

export interface Signing<V extends Verb> {
  client: Client;
  /** The run that the message goes to. */
  id: string;
  update: VerbUpdate<V>;
  fields: MessageFields<V>;
  /** A key file, or a public key whose other half the agent has; then it is signed in any case. */
  key?: string | undefined;
  say: (line: string) => void;
}

/** The message's fields, with a signature where there has to be one. */
export async function signDecision<V extends Verb>({
  client,
  id,
  update: { name: verb },
  fields,
  key,
  say,
}: Signing<V>): Promise<MessageFields<V>> {
  const policy = await queryRun(client, id, runQueries.policy);
  if (key === undefined && !mustSign(verb, fields, rulesOf(policy))) return fields;
  const expiresAt = new Date(Date.now() + VALID_MS).toISOString();
  const read = readMessage(verb, [{ id: randomUUID(), ...fields, expiresAt }]);
  // The run refuses what does not fit or is not open, and says why.
  if (read.kind === 'bad') return fields;
  // The run makes texts harmless before it stores them, so the harmless form is signed.
  const message = harmless(read.message);
  const subject = await findSubject(client, id, message);
  if (!subject) return fields;
  const problem = await findShownProblem(client, id, subject);
  if (problem !== undefined) throw new StackError(`nothing is signed: ${problem}`);
  const text = renderSignedText(subject, message);
  say(`signs: ${verb} ${safe(subject.id)} of ${safe(subject.workflow)}, digest ${subject.digest.slice(0, 12)}`);
  const signature = await signText(text, key ?? (await findSigningKey()));
  return { ...fields, id: message.id, expiresAt, signature };
}

/** Sends a message to its run, signed where it has to be; gives what became of it. */
export async function sendSigned<V extends Verb>(signing: Signing<V>): Promise<MessageResult> {
  const { client, id, update } = signing;
  return await sendVerb(client, id, update, await signDecision(signing));
}

/** A start's input, signed by who requests it. */
export async function signStart(
  place: { id: string; namespace: string },
  input: Record<string, unknown>,
  key: string,
): Promise<Record<string, unknown>> {
  const expiresAt = new Date(Date.now() + VALID_MS).toISOString();
  const read = readStart([input]);
  // The run refuses what does not fit, and says why.
  if (read.kind === 'bad') return input;
  // The run makes the goal harmless before it stores it.
  const start = { ...read.input, goal: harmless(read.input.goal) };
  const text = renderSignedText(subjectOfRequest(place.id, place.namespace, start), {
    verb: 'request',
    expiresAt,
  });
  return { ...input, expiresAt, signature: await signText(text, key) };
}

async function findSubject(client: Client, id: string, message: Message): Promise<Subject | undefined> {
  switch (message.verb) {
    case 'approve':
    case 'reject':
    case 'answer':
      return await findOpen(client, id, message);
    case 'choose':
      return await findChoice(client, id, message);
    case 'revisePlan': {
      const plan = await queryRun(client, id, refactorQueries.plan);
      const { place } = await queryRun(client, id, refactorQueries.status);
      return plan ? subjectOfRevision(id, plan, message.plan, place) : undefined;
    }
    default: {
      const { place } = await queryRun(client, id, runQueries.status);
      return place && subjectOfOrder(id, message, place);
    }
  }
}

async function findOpen(
  client: Client,
  id: string,
  message: MessageOf<'approve' | 'reject' | 'answer'>,
): Promise<Subject | undefined> {
  const { needs } = await queryRun(client, id, runQueries.status);
  const open = needs.map(({ approvals: _, ...need }) => need);
  const { verb } = message;
  const wanted = verb === 'answer' ? { verb, decision: message.question } : message;
  const choice = chooseDecision(open, open, wanted, true);
  return choice.kind === 'found' ? toSubject(choice.decision, choice.decision.owner ?? id) : undefined;
}

async function findChoice(client: Client, id: string, { agent }: MessageOf<'choose'>): Promise<Subject | undefined> {
  const { tasks, needs, place } = await queryRun(client, id, refactorQueries.status);
  const task = tasks.find(({ rivals }) => rivals?.some((rival) => rival === agent || rival === `${id}/${agent}`));
  if (!task?.rivals) return undefined;
  const open = needs.find((need) => need.kind === 'choice' && need.task === task.id);
  return open ? toSubject(open, id) : subjectOfEarlyChoice(id, task.id, task.rivals, place);
}

function toSubject(need: Omit<NeedView, 'approvals' | 'risk' | 'signatures'>, workflow: string): Subject {
  const { id, kind, digest, openedAt, toSign } = need;
  return { workflow, id, kind, digest, openedAt, place: placeOf(toSign) };
}

/** Where a decision is open, as the run shows it; undefined for older runs, whose signed texts do not name it. */
function placeOf(shown: NeedView['toSign']): Place | undefined {
  if (shown?.run === undefined) return undefined;
  const { namespace = '', repository = '', firstRun = '', run } = shown;
  return { namespace, repository, firstRun, run };
}
