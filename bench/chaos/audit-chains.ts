/**
 * Checks what a refactor left in the hub and in Temporal: chains, refs and histories.
 * Rule: the histories say what must be in git; git says what is there.
 */
import type { WorkflowBundleOption } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import type { KeyRing } from '../../src/seal/key-ring.ts';
import { openDataConverter } from '../../src/worker.ts';
import type { Findings } from './findings.ts';
import type { Link, Move, Run } from './read-runs.ts';
import { readLine, readPayload, readRefs } from './read-runs.ts';

const NOTHING = /^0+$/;

export interface ChainsAudit {
  findings: Findings;
  refactor: string;
  hub: string;
  runs: readonly Run[];
  moves: readonly Move[];
}

/** Checks chains, refs and steps of all runs; returns the chains by agent, newest run last. */
export async function auditChains(audit: ChainsAudit): Promise<Map<string, Link[]>> {
  const chains = new Map<string, Link[]>();
  for (const id of new Set(audit.runs.map(({ workflowId }) => workflowId))) {
    const kind = id === audit.refactor ? 'refactors' : 'agents';
    const runs = audit.runs.filter(({ workflowId }) => workflowId === id);
    const refs = await readRefs(audit.hub, kind, id);
    for (const runId of refs.keys()) {
      // The folder also has refs of evidence, conflicts, reviews and the report.
      const isKnown = /^(?:evidence-|conflict-|review-|report$)/.test(runId) || runs.some((run) => run.runId === runId);
      if (!isKnown)
        audit.findings.broke('refs', audit.refactor, `${id} has a ref of run ${runId}, which is none of its runs`);
    }
    for (const run of runs) {
      auditSteps(audit, run);
      const head = refs.get(run.runId);
      const line = head === undefined ? [] : await auditLine(audit, run, head);
      auditCheckpoints(audit, run, line);
      auditMoves(audit, run, kind, line);
      if (kind === 'agents') chains.set(id, [...(chains.get(id) ?? []), ...line]);
    }
  }
  return chains;
}

/** Checks that no think, act or integration has completed twice in one history. */
function auditSteps({ findings, refactor }: ChainsAudit, { workflowId, done }: Run): void {
  const keys = done.flatMap(({ input }) => (typeof input['key'] === 'string' ? [input['key']] : []));
  findings.look('steps', keys.length);
  for (const key of new Set(keys)) {
    const times = keys.filter((other) => other === key).length;
    if (times > 1) findings.broke('steps', refactor, `${workflowId} has ${key} completed ${times} times`);
  }
}

/** Checks that the ref's chain has no merge, each key once, and the steps in their order. */
async function auditLine({ findings, refactor, hub }: ChainsAudit, run: Run, head: string): Promise<Link[]> {
  const line = await readLine(hub, startOf(run), head);
  findings.look('refs');
  let parent = startOf(run);
  for (const link of line) {
    if (link.parents.join() !== parent)
      findings.broke('refs', refactor, `${link.commit} of ${run.workflowId} has parents ${link.parents.join()}`);
    parent = link.commit;
  }
  // No command of the bench fails by itself, so a failure means that a killed command was stored as finished.
  for (const { entry } of line) {
    if (entry?.kind === 'act' && entry.exitCode !== 0)
      findings.broke('steps', refactor, `${run.workflowId} ${entry.key} ended with ${entry.exitCode ?? entry.signal}`);
  }
  const keys = line.flatMap(({ entry, message }) => entry?.key ?? /^Coxswain-Key: (.*)$/m.exec(message)?.[1] ?? []);
  for (const key of new Set(keys)) {
    const times = keys.filter((other) => other === key).length;
    if (times > 1) findings.broke('steps', refactor, `${run.workflowId} has ${key} ${times} times in its line`);
  }
  return line;
}

/** The commit on which a run's chain begins: an agent's start, a refactor's base, a later run's checkpoint. */
function startOf({ history, done }: Run): string {
  const [first] = history.events ?? [];
  const input = readPayload(first?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]);
  const carried = input['state'] as { head?: string; line?: string } | undefined;
  const spec = input['spec'] as { start?: string } | undefined;
  const prepared = done.find(({ type }) => type === 'prepare')?.result['commit'];
  return spec?.start ?? carried?.head ?? carried?.line ?? (typeof prepared === 'string' ? prepared : '');
}

/**
 * Checks that every commit in a completed activity's result is in the run's chain, and that the last one is its end.
 */
function auditCheckpoints({ findings, refactor }: ChainsAudit, run: Run, line: readonly Link[]): void {
  const named = run.done.flatMap(({ type, result }) => {
    const commit = type === 'integrateTask' ? result['line'] : result['head'];
    return typeof commit === 'string' ? [commit] : [];
  });
  findings.look('checkpoints', named.length);
  const there = new Set(line.map(({ commit }) => commit));
  for (const commit of named) {
    if (!there.has(commit))
      findings.broke('checkpoints', refactor, `${run.workflowId} names ${commit}, which is not in its line`);
  }
  if (named.length > 0 && line.at(-1)?.commit !== named.at(-1))
    findings.broke('refs', refactor, `${run.workflowId} ends at ${named.at(-1)}, its ref at ${line.at(-1)?.commit}`);
}

/** Checks that a ref moved only to descendants of its commit, and was never deleted. */
function auditMoves(
  { findings, refactor, moves }: ChainsAudit,
  { workflowId, runId }: Run,
  kind: string,
  line: readonly Link[],
): void {
  const there = new Set(line.map(({ commit }) => commit));
  const own = moves.filter(
    ({ ref }) => ref.startsWith('refs/coxswain/') && ref.includes(`/${kind}/`) && ref.endsWith(`/${runId}`),
  );
  let at = '';
  for (const { from, to } of own) {
    const isFirst = at === '';
    if (NOTHING.test(to)) findings.broke('refs', refactor, `the ref of ${workflowId} was deleted at ${from}`);
    else if (!isFirst && !NOTHING.test(from) && from !== at)
      findings.broke('refs', refactor, `the ref of ${workflowId} moved from ${from} while it stood at ${at}`);
    else if (!there.has(to)) findings.broke('refs', refactor, `the ref of ${workflowId} stood at ${to}, which it lost`);
    at = to;
  }
}

/** Checks that every history replays on the present code. */
export async function auditReplays(
  { findings, refactor, runs }: Pick<ChainsAudit, 'findings' | 'refactor' | 'runs'>,
  workflowBundle: WorkflowBundleOption,
  keys: KeyRing,
): Promise<void> {
  for (const { workflowId, history } of runs) {
    findings.look('replays');
    const options = { workflowBundle, dataConverter: openDataConverter(keys, 'default') };
    await Worker.runReplayHistory(options, history, workflowId).catch((error: unknown) =>
      findings.broke('replays', refactor, `${workflowId}: ${String(error)}`),
    );
  }
}
