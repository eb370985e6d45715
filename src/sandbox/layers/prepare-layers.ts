/**
 * Chooses the layers below a workspace: its base, and what setup left over the base or, where a commit changed what
 * setup depends on, over that commit.
 * Rule: a setup runs again over what an agent wrote only without network, or with hosts that policy grants for just
 * that; where it doesn't, the base's layer stays, and that is told. What a setup over an agent's work sees is only the
 * base and its own inputs, so that nothing else can hide in a layer; what evidence stands on sees exactly its tree.
 */
import type { NetworkGrant } from '../../core/egress.ts';
import { treeOf } from '../../git/store.ts';
import { treeWith } from '../../git/write/tree-with.ts';
import type { BaseLayers, SetupLayers } from './layers.ts';
import type { LayersRequest, PreparedLayers } from './prepared.ts';
import { setupError } from './setup-error.ts';
import { findChangedInputs } from './setup-inputs.ts';

/** Makes what is missing of the layers; fails when the setup of the base itself does. */
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
