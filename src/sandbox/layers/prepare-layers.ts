/**
 * Chooses the layers below a workspace: its base, and a setup layer. If the commit changed files that the setup depends
 * on (its inputs), the setup runs again over them.
 * Rule: over an agent's work a setup runs only without network, or with hosts that policy grants for that case;
 * otherwise the base's setup layer is used, and the result says so. Such a setup sees only the base and the changed
 * inputs, so nothing else of the agent's can get into a layer; for evidence it sees exactly the judged tree.
 */
import type { NetworkGrant } from '../../core/egress.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import { treeWith } from '../../git/write/tree-with.ts';
import type { BaseLayers, SetupLayers } from './layers.ts';
import type { LayersRequest, PreparedLayers } from './prepared.ts';
import { setupError } from './setup-error.ts';
import { findChangedInputs } from './setup-inputs.ts';

/** Makes the layers that are missing. Throws a SandboxError if the setup fails over the base itself. */
export async function prepareLayers(
  { bases, setups }: { bases: BaseLayers; setups: SetupLayers },
  request: LayersRequest,
): Promise<PreparedLayers> {
  const { store, base, setup, commit, sees, content } = request;
  const folder = await bases.base(request);
  if (!setup) return { base: folder, key: content?.key ?? '' };
  const first = await setups.setup(request, setup);
  if (first.kind !== 'ready' || first.folder === null) throw setupError(setup.command, first);
  const own = { base: folder, setup: first.folder, key: first.folder };
  const inputs = await findChangedInputs(store, { base, commit, command: setup.command });
  if (inputs.length === 0) return own;
  const paths = inputs.map(({ path }) => path);
  if (!mayRunAgain(setup.network)) {
    const reason = 'policy grants its network for the base only (see network.setup.afterChanges)';
    return { ...own, staleSetup: { paths, reason } };
  }
  const tree = sees === 'tree' ? await treeOf(store, commit) : await treeWith(store, base, inputs);
  const again = await setups.setup(request, setup, tree);
  if (again.kind === 'ready' && again.folder !== null) return { ...own, setup: again.folder, key: again.folder };
  const failure = setupError(setup.command, again);
  if (sees === 'tree') return { ...own, failedSetup: failure };
  return { ...own, staleSetup: { paths, reason: failure.message } };
}

function mayRunAgain(network: NetworkGrant): boolean {
  return typeof network === 'boolean' ? !network : network.afterChanges === true;
}
