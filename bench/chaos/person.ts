/**
 * The people of a chaos run: they decide, steer, pause and resume, and send each message again until it is
 * acknowledged.
 * Rule: every message has an id, and every acknowledged message is recorded, so that the audit can look for it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { signDecision } from '../../src/cli/person/sign-decision.ts';
import type { MessageResult } from '../../src/core/decisions/receipts.ts';
import type { RefactorStatus } from '../../src/core/views/status.ts';
import type { VerbUpdate } from '../../src/workflows/messages.ts';
import { updates } from '../../src/workflows/messages.ts';
import { createRandom } from './random.ts';

/** A message that the server or the workflow has acknowledged. */
export interface Sent {
  id: string;
  verb: 'steer' | 'pause' | 'resume';
  way: 'signal' | 'update';
  at: number;
  answer?: MessageResult;
}

export interface Decided {
  decision: string;
  at: number;
  answer: MessageResult;
  /** How long the decision was still shown as open after the acknowledgement, in milliseconds. */
  stillOpenMs: number;
}

export interface Person {
  sent: Sent[];
  decided: Decided[];
  /** The newest receipts from `status`, by message id. */
  receipts: Map<string, RefactorStatus['receipts'][number]>;
  /** Reasons for which the refactor held; each is a finding, because nothing in this run should make it hold. */
  holds: string[];
  latest: RefactorStatus | undefined;
}

export interface PersonOptions {
  client: Client;
  handle: WorkflowHandle;
  seed: number;
  /** The file of the key that signs decisions. */
  key: string;
  /** Called just before a signal is sent. */
  onSignal: () => void;
  signal: AbortSignal;
}

const LOOK_MS = 200;
const CALL_MS = 8000;
const TRY_AGAIN_MS = 300;
/** Most messages of a person: `status` shows only so many receipts, and the audit needs all of them. */
const MOST_SENT = 13;
/** Time between two signals, and from a pause to its resume. */
const SIGNAL_GAP_MS = [2000, 7000] as const;
const PAUSE_MS = [300, 1500] as const;
/** A decision that is shown as open this long after its acknowledgement is lost: the run would wait for ever. */
const FORGOTTEN_MS = 60_000;

/** Acts as the person of one refactor until `signal` fires; returns what was acknowledged. */
export function supervise(options: PersonOptions): { person: Person; done: Promise<void> } {
  const person: Person = { sent: [], decided: [], receipts: new Map(), holds: [], latest: undefined };
  const done = Promise.all([decideAll(person, options), sendSignals(person, options)]).then(() => undefined);
  return { person, done };
}

/** Reads the status and stores its receipts; undefined while the server or the workers do not respond. */
export async function readStatus(
  person: Person,
  { client, handle }: Pick<PersonOptions, 'client' | 'handle'>,
): Promise<RefactorStatus | undefined> {
  try {
    const status = await client.withDeadline(Date.now() + CALL_MS, () => handle.query<RefactorStatus>('status'));
    for (const receipt of status.receipts) person.receipts.set(receipt.id, receipt);
    person.latest = status;
    return status;
  } catch {
    return undefined;
  }
}

async function decideAll(person: Person, options: PersonOptions): Promise<void> {
  const pending = new Map<string, Promise<void>>();
  while (!options.signal.aborted) {
    const status = await readStatus(person, options);
    for (const { id, kind } of status?.needs ?? []) {
      const earlier = person.decided.findLast(({ decision }) => decision === id);
      if (earlier) earlier.stillOpenMs = Date.now() - earlier.at;
      if (pending.has(id) || (earlier && earlier.stillOpenMs < FORGOTTEN_MS)) continue;
      const round = person.decided.filter(({ decision }) => decision === id).length;
      pending.set(
        id,
        decide(person, options, id, kind, round).finally(() => pending.delete(id)),
      );
    }
    if (status?.hold && status.hold !== person.holds.at(-1)) {
      person.holds.push(status.hold);
      await options.handle.signal('resume', { by: 'ann' }).catch(() => undefined);
    }
    await pause(LOOK_MS, options.signal);
  }
  await Promise.allSettled(pending.values());
}

/** Sends an update until it is acknowledged; by its id it counts only once. */
async function decide(
  person: Person,
  { client, handle, key, signal }: PersonOptions,
  decision: string,
  kind: string,
  round: number,
): Promise<void> {
  const id = `${decision}-${round}`;
  const isQuestion = kind === 'question';
  const update: VerbUpdate<'answer' | 'approve'> = isQuestion ? updates.answer : updates.approve;
  const fields = isQuestion
    ? { question: decision, text: 'yes', by: 'ann', id }
    : { decision, note: 'fine', by: 'ann', id };
  while (!signal.aborted) {
    try {
      const signing = { client, id: handle.workflowId, update, fields, key, say: () => undefined };
      const input = await client.withDeadline(Date.now() + CALL_MS, () => signDecision(signing));
      const answer = await client.withDeadline(Date.now() + CALL_MS, () =>
        handle.executeUpdate(update, { args: [input] }),
      );
      person.decided.push({ decision, at: Date.now(), answer, stillOpenMs: 0 });
      return;
    } catch {
      await pause(TRY_AGAIN_MS, signal);
    }
  }
}

async function sendSignals(person: Person, options: PersonOptions): Promise<void> {
  const random = createRandom(options.seed);
  for (let number = 0; person.sent.length < MOST_SENT && !options.signal.aborted; number += 1) {
    await pause(random.between(...SIGNAL_GAP_MS), options.signal);
    const way = random.isHit(0.7) ? 'signal' : 'update';
    if (random.isHit(0.7)) await send(person, options, { verb: 'steer', way, number });
    else {
      // Each pause is followed by a resume: an acknowledged pause alone would stop the run for ever.
      await send(person, options, { verb: 'pause', way, number });
      await pause(random.between(...PAUSE_MS), options.signal);
      await send(person, options, { verb: 'resume', way, number });
    }
  }
}

async function send(
  person: Person,
  { client, handle, onSignal, signal }: PersonOptions,
  { verb, way, number }: { verb: Sent['verb']; way: Sent['way']; number: number },
): Promise<void> {
  const id = `${verb}-${number}-${handle.workflowId}`;
  const input = { id, by: 'ann', ...(verb === 'steer' ? { text: `Mind the order (${id}).` } : {}) };
  const deadline = (): number => Date.now() + CALL_MS;
  // A resume is sent even when the run is ending.
  while (!signal.aborted || verb === 'resume') {
    try {
      onSignal();
      if (way === 'signal') {
        await client.withDeadline(deadline(), () => handle.signal(verb, input));
        person.sent.push({ id, verb, way, at: Date.now() });
      } else {
        const answer = await client.withDeadline(deadline(), () =>
          handle.executeUpdate<MessageResult, [object]>(verb, { args: [input] }),
        );
        person.sent.push({ id, verb, way, at: Date.now(), answer });
      }
      return;
    } catch (error) {
      if (isClosed(error)) return;
      await delay(TRY_AGAIN_MS);
    }
  }
}

/** Whether the workflow is closed or gone. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && /already completed|not found/i.test(error.message);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
