/**
 * What a run has changed so far, as a difference between two commits in the hub: of a refactor from its base to what
 * is integrated, of an agent from the start of its task to its newest checkpoint.
 * Rule: it shows the bytes in the hub and nothing that a model says of them; nothing in them can move a cursor.
 */
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { ClientFailure } from './client-failure.ts';
import { queryRun } from './refactors.ts';
import type { Sha } from '../core/transcript.ts';
import { shaSchema } from '../core/transcript.ts';
import type { NeedView, RefactorStatus } from '../core/views/status.ts';
import { diffStat, diffText } from '../git/read/diff-stat.ts';
import { ensureCommit } from '../git/remote/fetch-commit.ts';
import type { HubSettings } from '../git/remote/hub-store.ts';
import type { Store } from '../git/store.ts';
import { agentQueries } from '../workflows/messages.ts';
import { findRun, isAgentId, openRunStore } from './find-run.ts';

/** Of a larger difference people read the statistics, or open it in a tool. */
const MAX_BYTES = 8 * 1024 * 1024;

const commitsSchema = z.object({ from: shaSchema, to: shaSchema });

/** Two commits in the hub. */
export interface RunDifference {
  store: Store;
  from: Sha;
  to: Sha;
}

/** The difference of a refactor, or of one of its agents. Fails with a sentence where there is none yet. */
export async function findDifference(
  client: Client,
  hub: HubSettings,
  id: string,
  agentName?: string,
): Promise<RunDifference> {
  const { status, agent } = await findRun(client, id, agentName);
  const { from, to } = commitsSchema.parse(agent === undefined ? ofRefactor(status) : await ofAgent(client, agent));
  const store = await openRunStore(hub, status);
  for (const commit of [from, to]) await ensureCommit(store, { commit });
  return { store, from, to };
}

function ofRefactor({ id, base, line }: RefactorStatus): { from: string; to: string } {
  if (base !== null && line !== null && line !== base) return { from: base, to: line };
  throw new ClientFailure('failed', `nothing is integrated yet: cox diff ${id} <task> shows what an agent has changed`);
}

async function ofAgent(client: Client, agent: string): Promise<{ from: string; to: string }> {
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
