/**
 * `beginChain`: writes the root of an agent's chain, a child of the commit that its task starts from.
 * Rule: this commit holds everything that the agent is told. It is read from the base, never from a tree that an agent
 * changed.
 */
import { Context } from '@temporalio/activity';
import type { AgentSpec } from '../../core/agent/state.ts';
import { agentToolsOf } from '../../core/agent/next.ts';
import type { Guide } from '../../core/agent/prompts.ts';
import { MAX_GUIDE_BYTES, startConversation } from '../../core/agent/prompts.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import { listFiles } from '../../git/read/list-files.ts';
import { readThroughLinks } from '../../git/read/read-file.ts';
import type { Store } from '../../git/store.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import { advanceRef, findPosition, classifyByKey, runRef, writeEntry } from '../attempt/chain.ts';
import { ensureConflict } from '../attempt/conflict-tree.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { storeOf } from '../attempt/context.ts';
import type { ControlActivities } from '../attempt/contract.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';

/** Most AGENTS.md files in one prompt; a monorepo may have hundreds. */
const MAX_GUIDES = 10;
const KEY = 'begin';

export function createBeginChain(context: ActivityContext): ControlActivities['beginChain'] {
  return (spec) =>
    withHeartbeats(async () => {
      const store = await storeOf(context, spec.repository);
      await ensureCommit(store, { commit: spec.start });
      const ref = runRef('agents');
      const place = await findPosition(store, ref, spec.start, classifyByKey(KEY));
      if (place.done) return { head: place.done.commit };
      const { instructions, items } = startConversation(spec, await readGuides(store, spec));
      if (spec.startTree && spec.refactor) await ensureConflict(store, spec.refactor, spec.startTree);
      const tree = spec.startTree ?? (await treeOf(store, spec.start));
      const whose = {
        agent: Context.current().info.workflowExecution?.workflowId,
        refactor: spec.refactor ?? undefined,
      };
      const profile = agentToolsOf(spec);
      const entry = { v: 1 as const, kind: 'start' as const, key: KEY, instructions, profile, items, ...whose };
      const head = await writeEntry(store, {
        parent: spec.start,
        tree,
        subject: `begin ${spec.task}: ${spec.title}`,
        entry,
      });
      await advanceRef(store, ref, head, place.at);
      return { head };
    });
}

/**
 * Reads AGENTS.md from the root, from the folders above the task's paths and from those within them. A symbolic link is
 * followed inside the base.
 */
async function readGuides(store: Store, spec: AgentSpec): Promise<Guide[]> {
  const all = (await listFiles(store, { commit: spec.base })).filter(
    (path) => path === 'AGENTS.md' || path.endsWith('/AGENTS.md'),
  );
  const near = all.filter((path) => isNear(path.slice(0, -'AGENTS.md'.length), spec.paths)).slice(0, MAX_GUIDES);
  const guides: Guide[] = [];
  for (const path of near) {
    const bytes = await readThroughLinks(store, { commit: spec.base, path, maxBytes: MAX_GUIDE_BYTES });
    if (bytes) guides.push({ path, text: bytes.toString('utf8') });
  }
  return guides;
}

function isNear(folder: string, paths: readonly string[]): boolean {
  return paths.some((path) => {
    const literal = path.split(/[*?[\]{}()!+@]/, 1)[0] ?? '';
    return literal.startsWith(folder) || folder.startsWith(literal);
  });
}
