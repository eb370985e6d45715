/** An agent's result in a hub, and its integration, for tests of what is integrated. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { createIntegrateTask } from '../../src/activities/refactor/integrate-task.ts';
import { storeEvidence } from '../../src/activities/agent/store-evidence.ts';
import { digestText } from '../../src/core/digest.ts';
import type { Evidence } from '../../src/core/evidence.ts';
import type { IntegrateInput, IntegrateOutcome } from '../../src/core/refactor/exchange.ts';
import type { Spend } from '../../src/core/spend.ts';
import type { Entry, Sha } from '../../src/core/transcript.ts';
import { formatCheckpointMessage } from '../../src/core/transcript.ts';
import { commitTree } from '../../src/git/write/commit-tree.ts';
import { moveRef } from '../../src/git/remote/move-ref.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import { treeOf } from '../../src/git/objects/tree-of.ts';
import { addCommit, temporaryFolder } from '../sandbox/sandbox-host.ts';
import type { Place } from './warrant-place.ts';
import { execution, run } from './warrant-place.ts';

export const AGENT = `${execution.workflowId}/a.1`;
const USAGE = { inputTokens: 100, cachedTokens: 0, outputTokens: 10, costUsd: null };
export const SPENT: Spend = { ...USAGE, modelCalls: 1, acts: 1 };
export const FILES = { 'a.txt': 'one\n', 'deploy/prod.yaml': 'replicas: 2\n' };

export interface Result {
  at: Place;
  head: Sha;
  input: IntegrateInput;
}

/** An agent that changed files by one model call and one act, with its green check stored in the hub. */
export async function resultOf(at: Place, files: Record<string, string>): Promise<Result> {
  const { store, base } = at;
  const checkpoint = async (parent: Sha, tree: Sha, entry: Entry): Promise<Sha> =>
    await commitTree(store, { tree, parents: [parent], message: formatCheckpointMessage(entry.kind, entry) });
  const tree = await treeOf(store, addCommit(temporaryFolder(), store, { ...FILES, ...files }));
  const thought = await checkpoint(base, await treeOf(store, base), {
    v: 1,
    kind: 'think',
    key: 'think/1',
    model: 'm',
    usage: USAGE,
    steers: [],
    items: [],
  });
  const head = await checkpoint(thought, tree, {
    v: 1,
    kind: 'act',
    key: 'act/1',
    callId: 'c',
    tool: 'shell',
    exitCode: 0,
    signal: null,
    durationMs: 1,
    outputBytes: 0,
    isolation: 'bwrap',
    decision: { by: 'policy', digest: 'd' },
    items: [],
  });
  await moveRef(store, { ref: `refs/coxswain/agents/${refSlug(AGENT)}/run`, to: head, from: null });
  const evidence = await keep(at, head, 'npm test', true);
  const input: IntegrateInput = {
    repository: at.target,
    line: base,
    start: base,
    head,
    key: 'integrate/1',
    message: 'work\n',
    keeps: { paths: ['a.txt'], barred: [], allowed: [] },
    whole: { base, paths: ['a.txt'], task: '' },
    result: { agent: AGENT, task: 'a', checks: ['npm test'], evidence, spend: SPENT },
    permits: [],
    warrant: { team: null, run: null, authors: null },
  };
  return { at, head, input };
}

/** Stores a check's result as the agent's own activity does. */
export async function keep(
  { store }: Place,
  commit: Sha,
  command: string,
  green: boolean,
  output = 'output',
): Promise<Evidence[]> {
  const tree = await treeOf(store, commit);
  const evidence: Evidence = {
    command,
    exitCode: green ? 0 : 1,
    green,
    commit,
    tree,
    tail: '',
    outputDigest: digestText(output),
    durationMs: 1,
    isolation: 'bwrap',
  };
  const environment = new MockActivityEnvironment({
    workflowType: 'agent',
    workflowExecution: { workflowId: AGENT, runId: 'run' },
  });
  return (await environment.run(async () =>
    storeEvidence(store, { commit, tree }, [{ evidence, output }]),
  )) as Evidence[];
}

export async function integrate(
  { at, input }: Result,
  change: Partial<IntegrateInput> = {},
): Promise<IntegrateOutcome> {
  return await run(createIntegrateTask(at.context), { ...input, ...change });
}
