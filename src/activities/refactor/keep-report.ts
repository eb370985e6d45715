/**
 * `keepReport`: stores a refactor's report in the hub, at `refs/coxswain/refactors/<workflow id>/report`.
 * Rule: the report is the message of one commit, a child of the refactor's last commit with the same tree. A later
 * report replaces it.
 */
import { commitTree } from '../../git/write/commit-tree.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import { moveRef } from '../../git/remote/move-ref.ts';
import { readRef } from '../../git/remote/read-ref.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import { ownWorkflowId, refBeside } from '../attempt/chain.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { storeOf } from '../attempt/context.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';

export function createKeepReport(context: ActivityContext): ControlActivities['keepReport'] {
  return ({ repository, commit, report }) =>
    withHeartbeats(async () => {
      const store = await storeOf(context, repository);
      await ensureCommit(store, { commit });
      const message = `report of ${ownWorkflowId()}\n\n${report}\n`;
      const to = await commitTree(store, { tree: await treeOf(store, commit), parents: [commit], message });
      const ref = refBeside('refactors', ownWorkflowId(), 'report');
      await moveRef(store, { ref, to, from: await readRef(store, ref) });
    });
}
