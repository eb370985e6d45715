/**
 * One refactor from its start to its end, with people who decide and disturbances of its fleet, and its audit.
 * Rule: the audit begins only after the whole fleet is up again and idle.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { WorkflowBundleOption } from '@temporalio/worker';
import type { AccountView } from '../../src/core/budget/account.ts';
import { accountId } from '../../src/core/budget/account.ts';
import type { RefactorResult } from '../../src/core/refactor/state.ts';
import { openKeyRing } from '../../src/seal/key-ring.ts';
import { auditChains, auditReplays } from './audit-chains.ts';
import { auditLeftovers } from './audit-leftovers.ts';
import { auditMessages } from './audit-messages.ts';
import type { ModelCounts } from './audit-model.ts';
import { auditModel } from './audit-model.ts';
import type { Hit } from './disturb.ts';
import { disturb } from './disturb.ts';
import type { Findings } from './findings.ts';
import type { Fleet } from './fleet.ts';
import { ACCOUNT, makeKey } from './organisation.ts';
import { git, KEY } from './ground.ts';
import type { Person } from './person.ts';
import { readStatus, supervise } from './person.ts';
import { readMoves, readRuns } from './read-runs.ts';
import type { Disturbance } from './schedule.ts';
import type { ScriptedModel } from './scripted-model.ts';
import { expectedEffects, goalOf } from './scripted-work.ts';
import type { Watch } from './watch.ts';

/** Shared by all refactors of one seed. */
export interface Stage {
  client: Client;
  fleet: Fleet;
  model: ScriptedModel;
  watch: Watch;
  bundle: WorkflowBundleOption;
  findings: Findings;
  hits: Hit[];
  say: (line: string) => void;
  /** Sum of the tokens in the results of all refactors so far. */
  spent: number;
}

export interface RefactorRun {
  id: string;
  tree: string | undefined;
  seconds: number;
  model: ModelCounts;
  /** Leftovers in the caches of all workers at the end of this refactor, with those of earlier ones. */
  caches: string[];
}

/** Without a new event for this long, the refactor counts as stuck; the fleet is up again within half a minute. */
const STANDSTILL_MS = 240_000;
const LOOK_MS = 250;

/** Runs one refactor; `tree` is its expected result, `queue` has the disturbances, of which at most `most` happen. */
export async function runRefactor(
  stage: Stage,
  options: { id: string; seed: number; queue: Disturbance[]; most: number; tree: string | undefined },
): Promise<RefactorRun> {
  const { client, fleet, findings, watch, say } = stage;
  const { id, seed, queue, most } = options;
  const startedAt = Date.now();
  const handle = await start(stage, id);
  const ended = new AbortController();
  const { person, done } = supervise({
    client,
    handle,
    seed,
    key: join(fleet.folder, KEY),
    onSignal: () => watch.saw('signal'),
    signal: ended.signal,
  });
  const { model, hits } = stage;
  const disturbing = disturb({ fleet, model, watch, queue, hits, refactor: id, most, say, signal: ended.signal });
  findings.look('ends');
  const isClosed = await untilClosed(handle, stage);
  const endedAt = Date.now();
  ended.abort();
  await Promise.all([disturbing, done]);
  await fleet.whole();
  const trouble = isClosed ? await describeEnd(handle) : await giveUp(stage, handle, person);
  if (trouble) findings.broke('ends', id, trouble);
  for (const hold of person.holds) findings.broke('ends', id, `held: ${hold}`);
  const counts = await judge(stage, handle, person, options);
  if (findings.broken.some(({ refactor }) => refactor === id)) await keepHistories(stage, id);
  const seconds = Math.round((endedAt - startedAt) / 1000);
  return { id, seconds, ...counts };
}

/** Starts the refactor again until the server responds; by its id it starts only once. */
async function start({ client, fleet }: Stage, id: string): Promise<WorkflowHandle> {
  const input = {
    repository: fleet.urls.repository,
    goal: goalOf(id),
    branch: `done/${id}`,
    checks: ['test -s shared.txt'],
    requestedBy: 'ann',
  };
  for (;;) {
    try {
      return await client.workflow.start('refactor', { workflowId: id, taskQueue: fleet.taskQueue, args: [input] });
    } catch (error) {
      if (error instanceof Error && /already started/i.test(error.message)) return client.workflow.getHandle(id);
      await delay(LOOK_MS);
    }
  }
}

/**
 * Waits until the refactor and its agents have closed; false if it is stuck before that. On a busy machine it is slow,
 * so any new event of its history counts as progress.
 */
async function untilClosed(handle: WorkflowHandle, { client, hits }: Stage): Promise<boolean> {
  let movedAt = Date.now();
  let events = 0;
  for (;;) {
    movedAt = Math.max(movedAt, hits.at(-1)?.at ?? 0);
    if (Date.now() > movedAt + STANDSTILL_MS) return false;
    const now = await look(client, handle.workflowId).catch(() => undefined);
    if (now?.open === 0) return true;
    if (now && now.events !== events) movedAt = Date.now();
    events = now?.events ?? events;
    await delay(LOOK_MS);
  }
}

/** The number of open runs, and of the refactor's events. */
async function look(client: Client, id: string): Promise<{ open: number; events: number }> {
  const { status, historyLength: events } = await client.workflow.getHandle(id).describe();
  if (status.name === 'RUNNING') return { open: 1, events };
  const { count } = await client.workflow.count(`WorkflowId STARTS_WITH '${id}/' AND ExecutionStatus = 'Running'`);
  return { open: count, events };
}

async function describeEnd(handle: WorkflowHandle): Promise<string | undefined> {
  const { status } = await handle.describe();
  if (status.name === 'COMPLETED') return undefined;
  return `ended as ${status.name}: ${await handle.result().then(String, String)}`;
}

/** Describes a refactor that is stuck, and terminates it before the next one. */
async function giveUp({ client }: Stage, handle: WorkflowHandle, person: Person): Promise<string> {
  const status = await readStatus(person, { client, handle });
  const { workflowId } = handle;
  const pending: string[] = [];
  const query = `(WorkflowId = '${workflowId}' OR WorkflowId STARTS_WITH '${workflowId}/') AND ExecutionStatus = 'Running'`;
  for await (const run of client.workflow.list({ query })) {
    const open = client.workflow.getHandle(run.workflowId, run.runId);
    const { raw } = await open.describe();
    for (const { activityType, attempt, lastFailure } of raw.pendingActivities ?? [])
      pending.push(`${run.workflowId} ${activityType?.name} attempt ${attempt}: ${lastFailure?.message ?? 'runs'}`);
    if (raw.pendingWorkflowTask)
      pending.push(`${run.workflowId} workflow task, attempt ${raw.pendingWorkflowTask.attempt}`);
    await open.terminate('stood still').catch(() => undefined);
  }
  const tasks = status?.tasks.map(({ id, status: state, needs }) => `${id} ${state} ${needs.join()}`).join('; ');
  return `stood still: ${status?.state} ${status?.waitingFor}, ${tasks}; ${pending.join('; ') || 'nothing pending'}`;
}

async function judge(
  stage: Stage,
  handle: WorkflowHandle,
  person: Person,
  { id, tree: wanted }: { id: string; tree: string | undefined },
): Promise<Pick<RefactorRun, 'tree' | 'model' | 'caches'>> {
  const { client, fleet, findings, bundle, model, hits } = stage;
  await readStatus(person, { client, handle });
  const runs = await readRuns(client, id);
  const moves = await readMoves(fleet.paths.hub);
  const chains = await auditChains({ findings, refactor: id, hub: fleet.paths.hub, runs, moves });
  auditMessages({ findings, refactor: id, person, chains });
  const counts = auditModel({ findings, refactor: id, chains, moves, ledger: model.ledger, hits });
  await auditReplays({ findings, refactor: id, runs }, bundle, openKeyRing(await makeKey(fleet.folder)));
  const caches = await auditLeftovers(findings, id, fleet);
  const result = (await handle.result().catch(() => undefined)) as RefactorResult | undefined;
  const tree = result && (await auditTree(stage, id, result));
  if (result) await auditAccount(stage, id, result);
  findings.look('tree');
  if (tree !== undefined && wanted !== undefined && tree !== wanted)
    findings.broke('tree', id, `ended in tree ${tree}, the undisturbed one in ${wanted}`);
  return { tree, model: counts, caches };
}

/** Stores the histories as files, which outlive the server of the run, for finding the cause. */
async function keepHistories({ client, say }: Stage, id: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-broken-'));
  for (const { workflowId, runId, history } of await readRuns(client, id))
    await writeFile(join(folder, `${workflowId.replaceAll('/', '-')}-${runId}.json`), JSON.stringify(history));
  say(`the histories of ${id} are kept in ${folder}`);
}

/** Checks that nothing is reserved in the account any more, and that its spend is the sum of all results. */
async function auditAccount(stage: Stage, id: string, { spend }: RefactorResult): Promise<void> {
  const { client, fleet, findings } = stage;
  stage.spent += spend.inputTokens + spend.outputTokens;
  const { spent, reserved } = await client.workflow
    .getHandle(accountId(fleet.taskQueue, ACCOUNT))
    .query<AccountView>('status');
  findings.look('budgets');
  if (spent.tokens !== stage.spent || reserved.tokens !== 0)
    findings.broke('budgets', id, `the account has ${JSON.stringify({ spent, reserved })}, the results ${stage.spent}`);
}

/** Checks that the delivered branch is the result, and has each command's line exactly once. */
async function auditTree({ fleet, findings }: Stage, id: string, result: RefactorResult): Promise<string | undefined> {
  const { repository } = fleet.paths;
  const delivered = await git(repository, 'rev-parse', `refs/heads/done/${id}`).catch(() => 'nothing');
  if (delivered !== result.commit) {
    findings.broke('tree', id, `branch done/${id} is at ${delivered}, the result says ${result.commit}`);
    return undefined;
  }
  for (const [path, lines] of Object.entries(expectedEffects())) {
    findings.look('effects', lines.length);
    const there = (await git(repository, 'show', `${delivered}:${path}`)).split('\n');
    if (there.join('\n') !== lines.join('\n')) findings.broke('effects', id, `${path} holds ${JSON.stringify(there)}`);
  }
  return await git(repository, 'rev-parse', `${delivered}^{tree}`);
}
