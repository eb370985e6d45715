/**
 * Common parts of cases: a model that works one task, waiting for a run, approving, reading branches.
 * Rule: a wait ends at a state, or after a time with the last state in its error.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { Item } from '../../src/core/transcript.ts';
import type { ServerReply } from '../../src/offline/server/responses-server.ts';
import type { Ground, Script, Stack } from './case.ts';

const TIMEOUT_MS = 60_000;
/** Factor for the time limit of waits, because a busy machine takes longer to reach a state. */
const PATIENCE = 3;

export function call(tool: string, values: object): ServerReply {
  const callId = `call_${randomUUID().slice(0, 8)}`;
  return { items: [{ kind: 'call', callId, tool, arguments: JSON.stringify(values) } satisfies Item] };
}

export const shell = (command: string): ServerReply => call('shell', { command });
export const finish = (summary = 'done'): ServerReply => call('finish', { summary });

export interface Task {
  id: string;
  paths: string[];
  checks?: string[];
  title?: string;
  instructions?: string;
}

export function planned(...tasks: Task[]): ServerReply {
  const whole = tasks.map((task) => ({ title: `Do ${task.id}`, instructions: `Work on ${task.id}`, ...task }));
  return call('finish', { plan: { summary: 'the plan', tasks: whole } });
}

/** One task `a` on `a/**` whose agent runs these commands and finishes. */
export function work(...commands: string[]): Script {
  return ({ task, turn }) => {
    if (task === 'plan') return planned({ id: 'a', paths: ['a/**'] });
    const command = commands[turn];
    return command === undefined ? finish() : shell(command);
  };
}

/** Starts a refactor with Temporal's client. */
export async function start(stack: Stack, input: Record<string, unknown>, id = newId()): Promise<WorkflowHandle> {
  const args = [{ goal: 'do it', ...input }];
  return await stack.client.workflow.start('refactor', { taskQueue: stack.taskQueue, workflowId: id, args });
}

export function newId(): string {
  return `case-${randomUUID().slice(0, 8)}`;
}

/** A run's status, as its query returns it. */
export type Status = Record<string, any>;

/** Waits for a state of the run; after the time limit returns the last state, so that the case can judge it. */
export async function settle(
  handle: WorkflowHandle,
  isSettled: (status: Status) => boolean,
  timeoutMs = TIMEOUT_MS,
): Promise<Status> {
  let last: Status = {};
  for (const deadline = Date.now() + PATIENCE * timeoutMs; Date.now() < deadline; await wait(200)) {
    last = await handle.query<Status>('status').catch(() => last);
    if (isSettled(last)) return last;
  }
  return last;
}

export const needs =
  (decision: string) =>
  (status: Status): boolean =>
    (status['needs'] ?? []).some(({ id }: { id: string }) => id === decision);

/** Approves a decision without a signature once it is open; throws if it does not open. */
export async function approve(handle: WorkflowHandle, decision: string, by = 'ann'): Promise<any> {
  const status = await settle(handle, needs(decision));
  if (!needs(decision)(status)) throw new Error(`${decision} never opened: ${JSON.stringify(status).slice(0, 1500)}`);
  return await handle.executeUpdate('approve', { args: [{ decision, by }] });
}

/** Waits for the workflow's end and returns its status in Temporal; `RUNNING` if it does not end in time. */
export async function ending(handle: WorkflowHandle, timeoutMs = TIMEOUT_MS): Promise<string> {
  for (const deadline = Date.now() + PATIENCE * timeoutMs; ; await wait(200)) {
    const { status } = await handle.describe();
    if (status.name !== 'RUNNING' || Date.now() > deadline) return status.name;
  }
}

export async function branches(ground: Ground, repository: string): Promise<string[]> {
  const text = await ground.git(repository, 'for-each-ref', '--format=%(refname:short)', 'refs/heads');
  return text.split('\n').filter((name) => name !== '');
}
