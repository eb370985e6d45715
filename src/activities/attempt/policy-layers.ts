/**
 * Reads layers of policy: the repository's from its commits, and the networks that a run may grant to its own setup.
 * Rule: such a grant counts only if this worker's configuration has it, or a person gave it at this host's terminal.
 */
import { Context } from '@temporalio/activity';
import type { NetworkGrant } from '../../core/egress.ts';
import type { PolicyInput } from '../../core/policy/layer-sources.ts';
import type { Sha } from '../../core/transcript.ts';
import { GitFailure } from '../../git/git-failure.ts';
import { importBase } from '../../git/remote/import-base.ts';
import { readFile } from '../../git/read/read-file.ts';
import type { Store } from '../../git/store.ts';
import { REPOSITORY_POLICY } from '../../policy/read-layers.ts';
import { MAX_POLICY_BYTES } from '../../policy/read-policy-file.ts';
import { wasSaid } from '../../policy/said-network.ts';
import type { ActivityContext } from './context.ts';

/** Imports the tip of the default branch and returns it; null where HEAD names a branch without a commit. */
export async function importTip(store: Store, repository: string): Promise<Sha | null> {
  try {
    return (await importBase(store, { repository })).commit;
  } catch (error) {
    if (error instanceof GitFailure && error.kind === 'missing-base') return null;
    throw error;
  }
}

/** The text of the repository's policy file in a commit; undefined where the commit has none. */
export async function readRepositoryLayer(store: Store, commit: Sha): Promise<string | undefined> {
  const file = await readFile(store, { commit, path: REPOSITORY_POLICY, maxBytes: MAX_POLICY_BYTES + 1 });
  return file === null ? undefined : Buffer.from(file).toString('utf8');
}

/**
 * The networks that a run's input may grant to its setup: from the worker's configuration and from a person's terminal.
 */
export async function listSaid(
  { stateDir, setupNetwork }: ActivityContext,
  input: Pick<PolicyInput, 'repository' | 'run' | 'startDigest'>,
): Promise<NetworkGrant[]> {
  const network = input.run?.network?.setup;
  const { workflowExecution, workflowType } = Context.current().info;
  if (network === undefined || !workflowExecution) return [setupNetwork];
  const id = workflowExecution.workflowId;
  // The grant names the refactor; an agent's id begins with its refactor's id.
  const workflowId = workflowType === 'agent' ? id.slice(0, id.lastIndexOf('/')) : id;
  const { repository, startDigest } = input;
  const isSaid = await wasSaid(stateDir, { workflowId, startDigest, repository, network });
  return isSaid ? [setupNetwork, network] : [setupNetwork];
}
