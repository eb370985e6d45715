/**
 * Reads what a refactor left: the histories of its workflows, its refs in the hub, and the moves of these refs.
 * Rule: it reads only with Temporal's client and git, and trusts neither `status` nor other texts of the product.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Entry } from '../../src/core/transcript.ts';
import { parseCheckpointMessage } from '../../src/core/transcript.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import { git } from './ground.ts';

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;

/** A completed activity in a history. */
export interface Done {
  type: string;
  input: Record<string, unknown>;
  result: Record<string, unknown>;
}

/** One run of a workflow. */
export interface Run {
  workflowId: string;
  runId: string;
  status: string;
  history: History;
  done: Done[];
}

/** One commit of a chain; `entry` is that of a checkpoint. */
export interface Link {
  commit: string;
  parents: string[];
  message: string;
  entry: Entry | undefined;
}

/** One move of a ref of the hub. */
export interface Move {
  at: number;
  from: string;
  to: string;
  ref: string;
}

/** All runs of a refactor and of its agents. */
export async function readRuns(client: Client, refactor: string): Promise<Run[]> {
  const query = `WorkflowId = '${refactor}' OR WorkflowId STARTS_WITH '${refactor}/'`;
  const runs: Run[] = [];
  for await (const { workflowId, runId, status } of client.workflow.list({ query })) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    runs.push({ workflowId, runId, status: status.name, history, done: listDone(history) });
  }
  return runs;
}

function listDone({ events }: History): Done[] {
  const scheduled = new Map<string, { type: string; input: Record<string, unknown> }>();
  const done: Done[] = [];
  for (const event of events ?? []) {
    const begun = event.activityTaskScheduledEventAttributes;
    if (begun)
      scheduled.set(String(event.eventId), {
        type: begun.activityType?.name ?? '',
        input: readPayload(begun.input?.payloads?.[0]),
      });
    const ended = event.activityTaskCompletedEventAttributes;
    const start = ended && scheduled.get(String(ended.scheduledEventId));
    if (start) done.push({ ...start, result: readPayload(ended.result?.payloads?.[0]) });
  }
  return done;
}

/** The fields of a JSON payload; any other payload has none. */
export function readPayload(payload: { data?: Uint8Array | null } | null | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload?.data ?? []).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The hub's refs of one workflow, by run id; a shared hub has a folder for each repository. */
export async function readRefs(hub: string, kind: 'agents' | 'refactors', id: string): Promise<Map<string, string>> {
  const folder = `/${kind}/${refSlug(id)}/`;
  const listed = await git(hub, 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/coxswain');
  const lines = listed.split('\n').filter((line) => line.includes(folder));
  return new Map(lines.map((line) => line.slice(line.indexOf(folder) + folder.length).split(' ') as [string, string]));
}

/** All commits from `base` to `head`, oldest first. */
export async function readLine(hub: string, base: string, head: string): Promise<Link[]> {
  const log = await git(hub, 'log', '-z', '--reverse', '--topo-order', '--format=%H%x00%P%x00%B', head, `^${base}`);
  const fields = log.split('\0');
  const links: Link[] = [];
  for (let at = 0; at + 3 <= fields.length; at += 3) {
    const [commit = '', parents = '', message = ''] = fields.slice(at);
    links.push({ commit, parents: parents.split(' '), message, entry: parseCheckpointMessage(message) });
  }
  return links;
}

/** Every move of the hub's refs so far, in order. */
export async function readMoves(hub: string): Promise<Move[]> {
  const text = await readFile(join(hub, 'moves.log'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [at = '', from = '', to = '', ref = ''] = line.split(' ');
      return { at: Number(at), from, to, ref };
    });
}
