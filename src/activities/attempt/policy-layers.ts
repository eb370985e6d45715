/**
 * The layers of policy as a worker reads them: the repository's from its commits, and what a run may grant itself here.
 * Rule: a grant counts only by this worker's own configuration, or as a person said it at its terminal.
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

/** The tip of the default branch; null where HEAD names a branch without a commit. */
export async function importTip(store: Store, repository: string): Promise<Sha | null> {
  try {
    return (await importBase(store, { repository })).commit;
  } catch (error) {
    if (error instanceof GitFailure && error.kind === 'missing-base') return null;
    throw error;
  }
}

/** The text of the repository's file of policy in a commit; undefined where it has none. */
export async function readRepositoryLayer(store: Store, commit: Sha): Promise<string | undefined> {
  const file = await readFile(store, { commit, path: REPOSITORY_POLICY, maxBytes: MAX_POLICY_BYTES + 1 });
  return file === null ? undefined : Buffer.from(file).toString('utf8');
}

/** What a run's own input may grant its setup here: what the worker's configuration says, and a person at its terminal. */
export async function listSaid(
  { stateDir, setupNetwork }: ActivityContext,
  input: Pick<PolicyInput, 'repository' | 'run' | 'startDigest'>,
): Promise<NetworkGrant[]> {
  const network = input.run?.network?.setup;
  const { workflowExecution, workflowType } = Context.current().info;
  if (network === undefined || !workflowExecution) return [setupNetwork];
  const id = workflowExecution.workflowId;
  // It was said for the refactor, whose id an agent's begins with.
  const workflowId = workflowType === 'agent' ? id.slice(0, id.lastIndexOf('/')) : id;
  const { repository, startDigest } = input;
  const isSaid = await wasSaid(stateDir, { workflowId, startDigest, repository, network });
  return isSaid ? [setupNetwork, network] : [setupNetwork];
}
