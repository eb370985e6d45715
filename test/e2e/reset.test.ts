import type { WorkflowHandle } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { refSlug } from '../../src/git/ref-name.ts';
import type { AgentOutcome } from '../../src/core/agent/state.ts';
import type { RefactorResult } from '../../src/core/refactor/state.ts';
import { agentQueries, refactorQueries, updates } from '../../src/workflows/messages.ts';
import type { Crew, Script } from '../workflows/harness.ts';
import {
  approve,
  finish,
  git,
  makeRepository,
  onePlan,
  planned,
  shell,
  startCrew,
  temporal,
  until,
} from '../workflows/harness.ts';
import { sweep } from '../sweep.ts';

/** Options of the reset: with and without applying later messages again. */
const MODES = { 'later messages applied again': [], 'later messages left out': ['--reapply-exclude', 'All'] };

/** Resets a workflow to one of its workflow tasks with the plain `temporal` program; returns the new run's id. */
async function reset(id: string, runId: string, eventId: string, mode: readonly string[]): Promise<string> {
  const place = ['--workflow-id', id, '--run-id', runId, '--event-id', eventId, '--reason', 'a test', ...mode];
  const output = await temporal('workflow', 'reset', ...place, '--output', 'json');
  return (JSON.parse(output) as { runId: string }).runId;
}

/** Ids of the events to which a run can be reset, oldest first. */
async function listResetPoints(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ eventId, workflowTaskCompletedEventAttributes: completed }) =>
    completed ? [String(eventId)] : [],
  );
}

/** The subjects of a chain's commits, oldest first. */
async function readSubjects(hub: string, head: string, base: string): Promise<string[]> {
  return (await git(hub, 'log', '--reverse', '--format=%s', head, `^${base}`)).split('\n');
}

const STEPS = 10;
const TEN_STEPS: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  return turn < STEPS - 1 ? shell(`echo ${turn} >> a/lines`) : finish();
};

test('an agent reset to any think or act has the files and the conversation of that step, and goes on to the end', async () => {
  const crew = await startCrew(TEN_STEPS);
  const repository = await makeRepository();
  const handle = await crew.start({ repository });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'delivery@1'));
  const id = `${handle.workflowId}/a.1`;
  const first = crew.client.workflow.getHandle(id);
  const { runId } = await first.describe();
  const outcome = (await first.result()) as Extract<AgentOutcome, { kind: 'finished' }>;
  const hub = `${crew.stateDir}/hub/${refSlug(repository)}.git`;
  const base = (await handle.query(refactorQueries.status)).base ?? '';
  const chain = await readSubjects(hub, outcome.head, base);
  expect(chain.filter((subject) => / think: /.test(subject)).length).toBe(STEPS);
  const tree = await git(hub, 'rev-parse', `${outcome.head}^{tree}`);
  const points = await listResetPoints(first);
  expect(points.length).toBeGreaterThanOrEqual(2 * STEPS);
  for (const [index, point] of points.entries()) {
    if (index % sweep(5, 1) !== 0) continue;
    const mode = Object.values(MODES)[index % 2] ?? [];
    const asked = crew.model.requests.length;
    const again = await reset(id, runId, point, mode);
    const redone = (await crew.client.workflow.getHandle(id, again).result()) as typeof outcome;
    expect(redone.kind, `reset to event ${point}`).toBe('finished');
    expect(await git(hub, 'rev-parse', `${redone.head}^{tree}`)).toBe(tree);
    // The conversation before the reset is the old one, and after it the script repeats itself: no more and no less.
    expect(await readSubjects(hub, redone.head, base)).toEqual(chain);
    expect(crew.model.requests.length - asked).toBeLessThanOrEqual(STEPS);
    const last = crew.model.requests.at(-1)?.items.filter((item) => item.kind === 'result').length;
    expect(last).toBe(STEPS - 1);
  }
}, 900_000);

const THREE_TASKS: Script = ({ task, turn }) => {
  if (task === 'plan')
    return planned(onePlan(...['a', 'b', 'c'].map((id) => ({ id, paths: [`${id}/**`], checks: ['true'] }))));
  return turn === 0 ? shell(`mkdir -p ${task} && echo ${task} >> ${task}/new`) : finish();
};

/** Approves every decision and resumes nothing until the run ends; a hold fails the test. */
async function approveToTheEnd(handle: WorkflowHandle): Promise<RefactorResult> {
  let ended = false;
  const result = handle.result().finally(() => (ended = true));
  result.catch(() => undefined);
  // Four copies run at a time; the limit is far more than they need together on a busy machine.
  const deadline = Date.now() + 300_000;
  while (!ended) {
    if (Date.now() > deadline)
      throw new Error(`never ended: ${JSON.stringify(await handle.query(refactorQueries.status).catch(String))}
${await temporal('workflow', 'show', '--workflow-id', handle.workflowId)}
${await temporal('workflow', 'describe', '--workflow-id', handle.workflowId)}`);
    const status = await handle.query(refactorQueries.status).catch(() => undefined);
    if (status?.hold) throw new Error(`held: ${status.hold}; ${JSON.stringify(status)}`);
    for (const { id, digest } of status?.needs ?? [])
      await handle
        .executeUpdate(updates.approve, { args: [{ decision: id, digest, by: 'ann' }] })
        .catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return (await result) as RefactorResult;
}

/** Number of refactors that share the workflow tasks, because each reset ends the run before it. */
const COPIES = sweep(1, 4);
/** Each copy takes every n-th workflow task, beginning with its own number. */
const STRIDE = sweep(6, 4);

describe('a refactor reset to any of its workflow tasks ends in the same tree, and none hangs, fails or spends unseen', () => {
  test.each(Object.entries(MODES))('%s', { timeout: 1_500_000 }, async (_name, mode) => {
    const crew = await startCrew(THREE_TASKS);
    await Promise.all(Array.from({ length: COPIES }, async (_, copy) => await resetToEvery(crew, mode, copy)));
  });
});

/** Runs a refactor to its end, then resets it to each workflow task of this copy's share. */
async function resetToEvery(crew: Crew, mode: readonly string[], copy: number): Promise<void> {
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'result' });
  const whole = await approveToTheEnd(handle);
  const first = crew.client.workflow.getHandle(handle.workflowId);
  const { runId } = await first.describe();
  const points = await listResetPoints(first);
  expect(points.length).toBeGreaterThan(12);
  for (const point of points.filter((_, index) => index % STRIDE === copy)) {
    await git(repository, 'branch', '-D', 'result').catch(() => undefined);
    const again = await reset(handle.workflowId, runId, point, mode);
    const result = await approveToTheEnd(crew.client.workflow.getHandle(handle.workflowId, again));
    expect(result, `reset to event ${point}`).toMatchObject({ outcome: 'done', tree: whole.tree });
    // After the delivery's own event no work is left to repeat.
    const delivered = await git(repository, 'rev-parse', 'result').catch(() => whole.commit);
    expect(delivered).toBe(result.commit);
    await expectNobodyWorks(crew, handle.workflowId);
  }
}

/** Checks that no agent of an ended refactor works on: each has ended, or holds visibly. */
async function expectNobodyWorks(crew: Crew, refactor: string): Promise<void> {
  for (const task of ['plan', 'a', 'b', 'c']) {
    for (let attempt = 1; attempt < 9; attempt++) {
      const agent = crew.client.workflow.getHandle(`${refactor}/${task}.${attempt}`);
      const described = await agent.describe().catch(() => undefined);
      if (!described) break;
      if (described.status.name === 'RUNNING') {
        const { state } = await agent.query(agentQueries.status);
        expect(['holds', 'stopped', 'finished'], `${task}.${attempt}`).toContain(state);
      }
    }
  }
}
