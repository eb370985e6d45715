/**
 * `readPolicy`: the policy in force for a refactor, from all of its layers, before anything else is done.
 * Rule: a layer with a fault ends the start, with file and line; the repository's limits are those of its base and of
 * its default branch, whichever is stricter.
 */
import { Context } from '@temporalio/activity';
import type { NetworkGrant } from '../core/egress.ts';
import type { PolicyInput, PolicyRead } from '../core/layer-sources.ts';
import type { Sha } from '../core/transcript.ts';
import { GitFailure } from '../git/git-failure.ts';
import { importBase } from '../git/import-base.ts';
import { readFile } from '../git/read-file.ts';
import type { Store } from '../git/store.ts';
import { readLayers, REPOSITORY_POLICY } from '../policy/read-layers.ts';
import { MAX_POLICY_BYTES } from '../policy/read-policy-file.ts';
import { wasSaid } from '../policy/said-network.ts';
import type { ActivityContext } from './context.ts';
import { locateRepository, storeOf } from './context.ts';
import type { ControlActivities } from './contract.ts';
import { fail } from './failures.ts';
import { withHeartbeats } from './perform.ts';

export function createReadPolicy(context: ActivityContext): ControlActivities['readPolicy'] {
  return (input) => withHeartbeats(async () => await readPolicy(context, input));
}

async function readPolicy(context: ActivityContext, input: PolicyInput): Promise<PolicyRead> {
  const repository = await locateRepository(context, input.repository);
  const store = await storeOf(context, input.repository);
  const wanted = input.base === null ? {} : { base: input.base };
  const { commit } = await importBase(store, { repository, ...wanted, isBegun: input.begun === true });
  const tip = input.base === null ? commit : await importTip(store, repository);
  const layers = await readLayers({
    folder: context.policies,
    team: input.team ?? undefined,
    address: repository,
    repository: await readRepositoryLayer(store, commit),
    ...(tip === null || tip === commit ? {} : { defaultBranch: await readRepositoryLayer(store, tip) }),
    run: input.run ?? undefined,
    said: await listSaid(context, input),
    isUnderWay: input.begun === true,
  });
  if (layers.kind === 'bad') throw fail('BadPolicy', layers.problems.join('; '));
  return { commit, policy: layers.policy, organisation: layers.organisation };
}

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
