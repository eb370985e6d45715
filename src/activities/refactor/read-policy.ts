/**
 * `readPolicy`: the policy in force for a refactor, from all of its layers, read before anything else.
 * Rule: a fault in a layer fails the start, with file and line. The repository's limits are the stricter ones of its
 * base and its default branch.
 */
import type { PolicyInput, PolicyRead } from '../../core/policy/layer-sources.ts';
import { importBase } from '../../git/remote/import-base.ts';
import { readLayers } from '../../policy/read-layers.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { locateRepository, storeOf } from '../attempt/context.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { fail } from '../attempt/failures.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';
import { importTip, readRepositoryLayer, listSaid } from '../attempt/policy-layers.ts';

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
