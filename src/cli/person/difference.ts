/**
 * What a run has changed so far, as a difference between two commits in the hub: of a refactor from its base to what
 * is integrated, of an agent from the start of its task to its newest checkpoint.
 * Rule: it shows the bytes in the hub and nothing that a model says of them; nothing in them can move a cursor.
 */
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { ClientFailure } from '../../client/client-failure.ts';
import { queryRun } from '../../client/refactors.ts';
import type { Sha } from '../../core/transcript.ts';
import { shaSchema } from '../../core/transcript.ts';
import type { NeedView, RefactorStatus } from '../../core/views/status.ts';
import { diffStat, diffText } from '../../git/read/diff-stat.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import type { HubSettings } from '../../git/remote/hub-store.ts';
import { findMissingHub, openHubStore } from '../../git/remote/hub-store.ts';
import type { Store } from '../../git/store.ts';
import { agentQueries, refactorQueries } from '../../workflows/messages.ts';

/** Of a larger difference people read the statistics, or open it in a tool. */
const MAX_BYTES = 8 * 1024 * 1024;

const commitsSchema = z.object({ from: shaSchema, to: shaSchema });

/** Two commits in the hub. */
export interface RunDifference {
  store: Store;
  from: Sha;
  to: Sha;
}

/**
 * The difference of a refactor, or of one of its agents: `agent` is an agent's id, with or without the refactor's
 * before it, or a task's, which means the agent that works on it. Fails with a sentence where there is none yet.
 */
export async function findDifference(
  client: Client,
  hub: HubSettings,
  id: string,
  agent?: string,
): Promise<RunDifference> {
  const isAgent = agent === undefined && isAgentId(id);
  const refactor = isAgent ? id.slice(0, id.lastIndexOf('/')) : id;
  const status = await queryRun(client, refactor, refactorQueries.status);
  const which = isAgent ? id.slice(refactor.length + 1) : agent;
  const { from, to } = commitsSchema.parse(
    which === undefined ? ofRefactor(status) : await ofAgent(client, status, which),
  );
  const missing = findMissingHub(hub, status.repository);
  if (missing !== undefined)
    throw new ClientFailure('failed', `the hub is not on this machine: there is no ${missing} (COXSWAIN_HUB)`);
  const store = await openHubStore(hub, status.repository);
  for (const commit of [from, to]) await ensureCommit(store, { commit });
  return { store, from, to };
}

/** An agent's id is its refactor's, its task's and the number of the attempt. */
function isAgentId(id: string): boolean {
  return /\/[^/]+\.\d+$/.test(id);
}

function ofRefactor({ id, base, line }: RefactorStatus): { from: string; to: string } {
  if (base !== null && line !== null && line !== base) return { from: base, to: line };
  throw new ClientFailure('failed', `nothing is integrated yet: cox diff ${id} <task> shows what an agent has changed`);
}

async function ofAgent(client: Client, status: RefactorStatus, which: string): Promise<{ from: string; to: string }> {
  const { id, tasks, agents = [] } = status;
  const name = which.startsWith(`${id}/`) ? which.slice(id.length + 1) : which;
  const ofTask = tasks.find((task) => task.id === name)?.agent;
  const agent = ofTask ?? (/\.\d+$/.test(name) ? `${id}/${name}` : undefined);
  if (!agent) {
    const known = new Set([...agents.map((row) => row.id), ...tasks.flatMap((task) => task.agent ?? [])]);
    const names = [...known].map((one) => one.slice(id.length + 1)).join(', ');
    throw new ClientFailure(
      'bad-input',
      `"${name}" is no task that an agent has begun; agents: ${names || 'none yet'}`,
    );
  }
  const { start, head } = await queryRun(client, agent, agentQueries.status);
  if (start !== undefined && head !== null && head !== start) return { from: start, to: head };
  throw new ClientFailure('failed', `${agent} has changed nothing yet`);
}

/** Its statistics, as `git diff --stat` shows them. */
export async function showStat({ store, from, to }: RunDifference): Promise<string> {
  return (await diffStat(store, { from, to })).text.trimEnd();
}

/** The difference itself; of a very large one the beginning, and that there is more. */
export async function showDifference({ store, from, to }: RunDifference): Promise<string> {
  const { text, cut } = await diffText(store, { from, to, maxBytes: MAX_BYTES });
  return cut
    ? `${text}\n(the first ${MAX_BYTES / 1024 / 1024} MiB; --stat shows all files, --tool opens them)\n`
    : text;
}

/** Kinds of decisions that are about no files. */
const ABOUT_NO_FILES: readonly string[] = ['plan', 'baseline', 'budget'] satisfies NeedView['kind'][];

/** What a decision is about: the work of its agent, or what is integrated; undefined where it is about no files. */
export async function findDifferenceOf(
  client: Client,
  hub: HubSettings,
  id: string,
  { kind, task, owner }: NeedView,
): Promise<RunDifference | undefined> {
  if (ABOUT_NO_FILES.includes(kind)) return undefined;
  if (owner !== undefined || isAgentId(id)) return await findDifference(client, hub, owner ?? id);
  return await findDifference(client, hub, id, task);
}
