/**
 * `readPolicy`: the policy in force for a refactor, from all of its layers, before anything else is done.
 * Rule: a layer with a fault ends the start, with file and line; the repository's layer is that of the base commit.
 */
import type { PolicyInput, PolicyRead } from '../core/refactor-state.ts';
import { importBase } from '../git/import-base.ts';
import { readFile } from '../git/read-file.ts';
import { readLayers, REPOSITORY_POLICY } from '../policy/read-layers.ts';
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
  const { commit } = await importBase(store, { repository, ...(input.base === null ? {} : { base: input.base }) });
  const file = await readFile(store, { commit, path: REPOSITORY_POLICY });
  const layers = await readLayers({
    folder: context.policies,
    team: input.team ?? undefined,
    repository: file === null ? undefined : Buffer.from(file).toString('utf8'),
    run: input.run ?? undefined,
  });
  if (layers.kind === 'bad') throw fail('BadPolicy', layers.problems.join('; '));
  return { commit, policy: layers.policy };
}
