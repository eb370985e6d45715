/**
 * Starts refactors and sends them verbs and queries, typed.
 * Rule: everything here can also be done with the plain `temporal` program.
 */
import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { QueryDefinition, SignalDefinition } from '@temporalio/common';
import type { Receipt } from '../core/decisions/control.ts';
import type { MessageFields, SignalVerb, Verb } from '../core/decisions/messages.ts';
import { SIGNAL_VERBS } from '../core/decisions/messages.ts';
import type { MessageResult } from '../core/decisions/receipts.ts';
import type { RefactorResult } from '../core/refactor/state.ts';
import { agentIdsOf } from '../core/views/read-status.ts';
import type { NeedView } from '../core/views/status.ts';
import { code } from '../core/text/markdown.ts';
import type { VerbUpdate } from '../workflows/messages.ts';
import { agentQueries, refactorQueries, runQueries, signals, updates } from '../workflows/messages.ts';
import { ClientFailure, explainFailures } from './client-failure.ts';

/** An update waits for a worker, a signal does not. After this long, a verb that may be a signal is sent as one. */
const UPDATE_TIMEOUT_MS = 5000;
/** Reading the layers of policy again includes a look at the repository's remote. */
const ADOPT_TIMEOUT_MS = 150_000;
/** The longest history replays in seconds; a query that takes longer has no worker. */
const QUERY_TIMEOUT_MS = 15_000;

/** A message is passed on within a second; a busy worker may take some seconds. */
const FORWARD_TIMEOUT_MS = 8000;
const FORWARD_POLL_MS = 150;
/** States of a receipt that do not yet say what its agent made of the message. */
const UNHEARD: readonly string[] = ['received', 'accepted', 'forwarded'] satisfies Receipt['state'][];

export interface StartOptions {
  id: string;
  taskQueue: string;
  input: Record<string, unknown>;
}

/** Most characters of a goal that Temporal's list shows. */
const SUMMARY = 150;

/** Starts a refactor, which Temporal's UI shows with its goal; an id that is in use already is an error. */
export async function startRefactor(client: Client, { id, taskQueue, input }: StartOptions): Promise<WorkflowHandle> {
  const { goal } = input;
  const summary = typeof goal === 'string' ? { staticSummary: code(goal, SUMMARY) } : {};
  return await explainFailures(id, () =>
    client.workflow.start('refactor', { workflowId: id, taskQueue, args: [input], ...summary }),
  );
}

/**
 * Sends a verb as an update. If no worker answers in time, and the verb decides nothing, sends it as a signal too.
 * Both have the same id, so that the message counts once even if both arrive.
 */
export async function sendVerb<V extends Verb>(
  client: Client,
  id: string,
  update: VerbUpdate<V>,
  input: MessageFields<V>,
): Promise<MessageResult> {
  const handle = client.workflow.getHandle(id);
  const verb = update.name;
  const message = { id: randomUUID(), ...input };
  const send = (): Promise<MessageResult> => handle.executeUpdate(update, { args: [message] });
  const answered = explainFailures(id, send);
  const first = await Promise.race([
    answered,
    timeout(verb === updates.adoptPolicy.name ? ADOPT_TIMEOUT_MS : UPDATE_TIMEOUT_MS, 'late' as const),
  ]);
  if (first !== 'late') return await hearOutcome(client, id, first);
  // A late answer is dropped.
  answered.catch(() => undefined);
  if (!isSignalVerb(verb)) {
    throw new ClientFailure(
      'no-worker',
      `no worker answers for "${id}", so nothing was decided: start one, then try again`,
    );
  }
  const signal: SignalDefinition<[input?: unknown]> = signals[verb];
  await explainFailures(id, () => handle.signal(signal, message));
  const detail = 'no worker answers now; it was sent as a signal and counts as soon as a worker runs';
  return { kind: 'applied', detail, receipt: message.id };
}

function isSignalVerb(verb: Verb): verb is SignalVerb {
  return (SIGNAL_VERBS as readonly Verb[]).includes(verb);
}

/**
 * Waits for an agent's answer to a message that its refactor passed on: with a worker this takes seconds. After the
 * timeout, the answer points to the receipt in the status.
 */
async function hearOutcome(client: Client, id: string, answer: MessageResult): Promise<MessageResult> {
  for (const deadline = Date.now() + FORWARD_TIMEOUT_MS; answer.kind === 'forwarded' && Date.now() < deadline; ) {
    const heard = await findOutcome(client, id, answer.receipt).catch(() => undefined);
    if (heard) return { ...answer, ...heard };
    await timeout(FORWARD_POLL_MS, undefined);
  }
  if (answer.kind !== 'forwarded') return answer;
  const detail = `${answer.detail}; no answer to it within ${FORWARD_TIMEOUT_MS / 1000} s: look for receipt ${answer.receipt} in the status`;
  return { ...answer, detail };
}

/** The receipt of a message at the refactor, else at the agents that it was passed on to. */
async function findOutcome(
  client: Client,
  id: string,
  receipt: string,
): Promise<Pick<MessageResult, 'kind' | 'detail'> | undefined> {
  const status = await queryRun(client, id, refactorQueries.status);
  const own = status.receipts.find((one) => one.id === receipt);
  if (own && !UNHEARD.includes(own.state)) return toAnswer(own);
  const asked = await Promise.allSettled(
    agentIdsOf(status).map((agent) => queryRun(client, agent, agentQueries.status)),
  );
  const heard = asked.flatMap((result) => {
    if (result.status !== 'fulfilled') return [];
    const { task, receipts } = result.value;
    const there = receipts.find((one) => one.id === receipt && !['received', 'forwarded'].includes(one.state));
    return there ? [toAnswer({ ...there, detail: `${task}: ${there.detail}` })] : [];
  });
  return heard.find(({ kind }) => kind === 'applied') ?? heard[0];
}

function toAnswer({ state, detail }: Pick<Receipt, 'state' | 'detail'>): Pick<MessageResult, 'kind' | 'detail'> {
  return { kind: state === 'refused' || state === 'superseded' ? 'refused' : 'applied', detail };
}

async function timeout<T>(ms: number, value: T): Promise<T> {
  return await new Promise((resolve) => setTimeout(() => resolve(value), ms).unref());
}

/** Asks a run. If no worker answers, fails with that reason instead of waiting for long. */
export async function queryRun<T>(client: Client, id: string, query: QueryDefinition<T>): Promise<T> {
  const ask = (): Promise<T> => client.workflow.getHandle(id).query(query);
  return await explainFailures(id, () => client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, ask));
}

/** What became of a decision; undefined while it is open. */
export async function findClosed(
  client: Client,
  id: string,
  { id: decision, digest, owner = id }: Pick<NeedView, 'id' | 'digest'> & { owner?: string | undefined },
): Promise<string | undefined> {
  const { needs } = await queryRun(client, id, refactorQueries.status);
  if (needs.some((need) => need.id === decision && need.digest === digest)) return undefined;
  // The owner is the refactor or one of its agents.
  const known = await queryRun(client, owner, runQueries.decisions);
  const closed = (Array.isArray(known) ? known : known.closed).find((one) => one.id === decision)?.closed;
  return closed ? `${closed.outcome} by ${closed.by}` : `${decision} is not open any more`;
}

/** The result of a refactor. A failed refactor throws, with its own message. */
export async function resultOf(client: Client, id: string): Promise<RefactorResult> {
  return (await client.workflow.getHandle(id).result()) as RefactorResult;
}
