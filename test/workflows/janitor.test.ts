import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import type { JanitorResult } from '../../src/core/upkeep/retention.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import { signals } from '../../src/workflows/messages.ts';
import type { Crew, Script } from './harness.ts';
import {
  approve,
  approveAll,
  ask,
  finish,
  git,
  makeRepository,
  onePlan,
  planned,
  shell,
  startCrew,
  temporal,
  until,
} from './harness.ts';

/** The task `a` ends; `b` asks a person, and so stays open. */
const SCRIPT: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  if (task === 'b') return ask('shall I?');
  return turn === 0 ? shell('echo new > a/new.txt') : finish();
};
const BOTH: Script = (turn) =>
  turn.task === 'plan'
    ? planned(onePlan({ id: 'a', paths: ['a/**'] }, { id: 'b', paths: ['b/**'], dependsOn: ['a'] }))
    : SCRIPT(turn);

/** A hub in a folder of its own, that several crews may share. */
async function sharedHub(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-hub-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, '{repository}.git');
}

/** Runs the janitor by the plain `temporal` program. */
async function runJanitor(crew: Crew, input: object): Promise<JanitorResult> {
  const id = `${crew.taskQueue}-janitor-${Math.random().toString(36).slice(2)}`;
  const place = ['--type', 'janitor', '--task-queue', crew.taskQueue, '--workflow-id', id];
  await temporal('workflow', 'start', ...place, '--input', JSON.stringify(input));
  return (await crew.client.workflow.getHandle(id).result()) as JanitorResult;
}

/** Workflow ids of the refs in a hub, as far as they are among these. */
async function ownersOf(dir: string, ids: string[]): Promise<string[]> {
  const refs = await git(dir, 'for-each-ref', '--format=%(refname)', 'refs/coxswain');
  const slugs = new Set(refs.split('\n').map((ref) => ref.split('/').at(-2) ?? ''));
  return ids.filter((id) => slugs.has(refSlug(id)));
}

async function untilTask(crew: Crew, id: string, task: string, status: string): Promise<void> {
  const handle = crew.client.workflow.getHandle(id);
  await until(handle, ({ tasks }) => tasks.some((work) => work.id === task && work.status === status));
}

/** A loose commit under a ref of a run that Temporal has never heard of. */
async function addOrphan(dir: string, id: string, ageDays: number): Promise<string> {
  const ref = `refs/coxswain/agents/${refSlug(id)}/11111111-1111-1111-1111-111111111111`;
  const tree = await git(dir, 'hash-object', '-t', 'tree', '-w', '/dev/null');
  const seconds = Math.trunc(Date.now() / 1000 - ageDays * 86_400);
  const commit = `tree ${tree}\nauthor T <t@t> ${seconds} +0000\ncommitter T <t@t> ${seconds} +0000\n\nleft\n`;
  const { stdout } = await execa('git', ['hash-object', '-t', 'commit', '-w', '--stdin'], { cwd: dir, input: commit });
  await git(dir, 'update-ref', ref, stdout);
  return ref;
}

const KEEPS_NOTHING = { COXSWAIN_RETENTION_DAYS: '0' };
/** A refactor that has ended left its report beside its runs. */
const REPORT = 1;

test('the janitor removes what closed runs left, nothing of a run that is open or frozen, and nothing before its time', async () => {
  const hub = await sharedHub();
  const crew = await startCrew(BOTH, { env: { COXSWAIN_HUB: hub, ...KEEPS_NOTHING } });
  const quick = await startCrew(SCRIPT, { env: { COXSWAIN_HUB: hub } });
  const frozen = await startCrew(BOTH, { env: { COXSWAIN_HUB: hub } });
  const repository = await makeRepository();
  const closed = await quick.start({ repository, branch: 'closed' });
  const open = await crew.start({ repository, branch: 'open' });
  const still = await frozen.start({ repository, branch: 'still' });
  await approveAll(closed);
  for (const handle of [open, still]) await approve(handle, 'plan@1');
  await untilTask(crew, open.workflowId, 'a', 'integrated');
  await untilTask(frozen, still.workflowId, 'a', 'integrated');
  for (const handle of [open, still]) await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  // Its worker stands still, and Temporal alone knows that the run is open.
  await frozen.worker.stop();

  const dir = hub.replace('{repository}', refSlug(repository));
  const members = (id: string): string[] => [id, `${id}/plan.1`, `${id}/a.1`];
  const alive = [open, still].flatMap(({ workflowId }) => [...members(workflowId), `${workflowId}/b.1`]);
  const dead = members(closed.workflowId);
  expect(await ownersOf(dir, [...alive, ...dead])).toEqual([...alive, ...dead]);
  // Nothing was closed for thirty days.
  expect((await runJanitor(crew, { retentionDays: 30 })).refs).toEqual({
    kept: alive.length + dead.length + REPORT,
    removed: 0,
  });
  // Whoever starts a janitor can't have less kept than its workers are configured for: thirty days, if nothing is said.
  expect(await runJanitor(quick, { retentionDays: 0 })).toMatchObject({
    retentionDays: 30,
    raisedFrom: 0,
    refs: { kept: alive.length + dead.length + REPORT, removed: 0 },
  });
  const junk = join(dir, 'objects/pack/tmp_pack_abc');
  await writeFile(junk, 'half a pack');
  const old = Date.now() / 1000 - 25 * 3600;
  await utimes(junk, old, old);

  const dry = await runJanitor(crew, { retentionDays: 0, dryRun: true });
  expect(dry).toMatchObject({ dryRun: true, refs: { removed: dead.length + REPORT }, leftOvers: 1, failed: [] });
  expect(await ownersOf(dir, [...alive, ...dead])).toEqual([...alive, ...dead]);
  const result = await runJanitor(crew, { retentionDays: 0 });
  expect(result).toEqual({ ...dry, dryRun: false });
  expect(await ownersOf(dir, [...alive, ...dead])).toEqual(alive);
  expect(await readdir(join(dir, 'objects/pack'))).not.toContain('tmp_pack_abc');
  expect((await runJanitor(crew, { retentionDays: 0 })).refs.removed).toBe(0);

  // Both go on as if nothing had been.
  await frozen.restartWorker();
  for (const handle of [open, still]) {
    await handle.signal(signals.stop, 'enough');
    await handle.result();
  }
});

test('runs that Temporal has forgotten go by the age of their last commit, and by whose their chain says they were', async () => {
  const hub = await sharedHub();
  const crew = await startCrew(SCRIPT, { env: { COXSWAIN_HUB: hub, ...KEEPS_NOTHING } });
  const repository = await makeRepository();
  // One that is open all the while, so that nothing goes of which it can't be told whose it is.
  const open = await crew.start({ repository, branch: 'open' });
  await until(open, ({ needs }) => needs.length > 0);
  const handle = await crew.start({ repository, branch: 'gone' });
  await approveAll(handle);
  const dir = hub.replace('{repository}', refSlug(repository));
  const orphans = [await addOrphan(dir, 'never/heard.1', 3), await addOrphan(dir, 'never/seen.1', 1)];
  const ids = [handle.workflowId, `${handle.workflowId}/plan.1`, `${handle.workflowId}/a.1`];
  for (const id of ids) await temporal('workflow', 'delete', '--workflow-id', id, '--yes');
  const known = async (): Promise<number> => {
    const query = `WorkflowId = '${ids.join("' OR WorkflowId = '")}'`;
    return (await crew.client.workflow.count(query)).count;
  };
  await expect.poll(known, { timeout: 240_000 }).toBe(0);
  const orphansLeft = async (): Promise<string[]> => {
    const refs = await git(dir, 'for-each-ref', '--format=%(refname)');
    return orphans.filter((ref) => refs.includes(ref));
  };
  expect((await runJanitor(crew, { retentionDays: 2 })).refs.removed).toBe(1);
  expect(await orphansLeft()).toEqual(orphans.slice(1));
  expect((await runJanitor(crew, { retentionDays: 0 })).refs.removed).toBe(ids.length + REPORT);
  expect(await ownersOf(dir, ids)).toEqual([]);
  expect(await orphansLeft()).toEqual(orphans.slice(1));
  await open.signal(signals.stop, 'enough');
  await open.result();
});

test('a hub that is reached by a URL is swept too, and one that is gone is said to be', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-hub-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const dir = join(folder, 'hub.git');
  await git(folder, 'init', '--quiet', '--bare', dir);
  const crew = await startCrew(SCRIPT, { env: { COXSWAIN_HUB: `file://${dir}`, ...KEEPS_NOTHING } });
  const handle = await crew.start({ repository: await makeRepository(), branch: 'far' });
  await approveAll(handle);
  const ids = [handle.workflowId, `${handle.workflowId}/plan.1`, `${handle.workflowId}/a.1`];
  expect(await ownersOf(dir, ids)).toEqual(ids);
  expect((await runJanitor(crew, { retentionDays: 0 })).refs).toEqual({ kept: 0, removed: ids.length + REPORT });
  expect(await ownersOf(dir, ids)).toEqual([]);
  await rm(dir, { recursive: true });
  const { failed } = await runJanitor(crew, { retentionDays: 0 });
  expect(failed).toEqual([{ place: expect.stringMatching(/^hub /), reason: expect.stringContaining(dir) }]);
});

test('the workspaces of agents that have ended are removed from each host, those at work stay', async () => {
  const crew = await startCrew(BOTH);
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'work' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  const before = await readdir(join(crew.stateDir, 'workspaces'));
  expect(before.length).toBeGreaterThan(0);
  const bases = await readdir(join(crew.stateDir, 'bases'));
  const days = Date.now() / 1000 - 2 * 86_400;
  for (const name of bases) await utimes(join(crew.stateDir, 'bases', name), days, days);
  const { hosts, workspaces, layers, failed } = await runJanitor(crew, {});
  // Nobody stands on the base any more: the next agent makes it anew.
  expect({ hosts, failed, layers }).toEqual({ hosts: 1, failed: [], layers: bases.length });
  expect(await readdir(join(crew.stateDir, 'bases'))).toEqual([]);
  expect(workspaces.removed + workspaces.kept).toBe(before.length);
  expect(workspaces.removed).toBeGreaterThan(0);
  expect(await readdir(join(crew.stateDir, 'workspaces'))).toHaveLength(workspaces.kept);
  await handle.signal(signals.stop, 'enough');
  await handle.result();
});

test('a janitor that is told nonsense says so at once', async () => {
  const crew = await startCrew(SCRIPT);
  await expect(runJanitor(crew, { retention: 3 })).rejects.toThrow('Workflow execution failed');
});
