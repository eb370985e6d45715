/**
 * Reads an agent's conversation from the hub: its checkpoints from the start of its task to its newest, with what each
 * changed.
 * Rule: it only reads, and needs no worker once the commits are named.
 */
import { z } from 'zod';
import type { Client } from '@temporalio/client';
import { ClientFailure } from './client-failure.ts';
import { queryRun } from './refactors.ts';
import { shaSchema } from '../core/transcript.ts';
import { diffTrees } from '../git/read/diff-trees.ts';
import { readChain } from '../git/read/read-chain.ts';
import { ensureCommit } from '../git/remote/fetch-commit.ts';
import type { Store } from '../git/store.ts';
import { treeOf } from '../git/objects/tree-of.ts';
import { agentQueries } from '../workflows/messages.ts';
import type { ReadCheckpoint } from '../core/views/show-conversation.ts';

const commitsSchema = z.object({ start: shaSchema, head: shaSchema });

/** The checkpoints of an agent, oldest first. */
export async function readConversationOf(client: Client, store: Store, agent: string): Promise<ReadCheckpoint[]> {
  const commits = commitsSchema.safeParse(await queryRun(client, agent, agentQueries.status));
  if (!commits.success) throw new ClientFailure('failed', `${agent} has no conversation yet`);
  const { start, head } = commits.data;
  for (const commit of [start, head]) await ensureCommit(store, { commit });
  const chain = await readChain(store, { base: start, head });
  let tree = await treeOf(store, start);
  const read: ReadCheckpoint[] = [];
  for (const link of chain) {
    const changed = link.tree === tree ? [] : await diffTrees(store, { from: tree, to: link.tree });
    tree = link.tree;
    const { commit, entry, subject, author } = link;
    const paths = changed.map(({ status, path }) => `${status} ${path}`);
    read.push({ commit, at: Date.parse(author.date), entry, subject, changed: paths });
  }
  return read;
}
