/** A run tells its receivers what waits and how it ends; one that is away is shown, tried again, and stops nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { startReceiver } from '../notify/receiver.ts';
import type { HttpReceiver } from '../notify/receiver.ts';
import type { Crew } from './harness.ts';
import { approve, finish, makeRepository, onePlan, planned, shell, startCrew, status, until } from './harness.ts';
import { recordHistories } from './record.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const WAIT = { timeout: 120_000, interval: 200 };

interface Told {
  type: string;
  data: { id: string; text: string; decision?: { id: string; digest: string } };
}

/** What it got, verified as receivers do; each id once, since a notice may come twice. */
function toldIn({ got }: HttpReceiver): Told[] {
  const all = got.map(
    ({ body, headers }) => new Webhook(SECRET).verify(body, headers as Record<string, string>) as Told,
  );
  return [...new Map(all.map((one) => [one.data.id, one])).values()];
}

test('a receiver that is there is told in time, one that is away later, also after the end; the run waits for neither', async () => {
  const [here, away, asleep] = [await startReceiver(), await startReceiver(), await startReceiver()];
  await away.close();
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-receivers-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'receivers.json');
  const hook = ({ url }: HttpReceiver): object => ({ webhook: url, secret: '$OPS_SECRET' });
  await writeFile(file, JSON.stringify({ here: hook(here), away: hook(away), asleep: hook(asleep) }));
  const crew = await startCrew(
    ({ task, turn }) => {
      if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
      return turn === 0 ? shell('echo new > a/new.txt') : finish();
    },
    { env: { COXSWAIN_RECEIVERS: file, OPS_SECRET: SECRET } },
  );
  const around = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
  const quiet = { from: around(-1), until: around(2) };
  const both: ('waits' | 'ends')[] = ['waits', 'ends'];
  const policy = {
    notify: [{ to: 'here' }, { to: 'away', when: both }, { to: 'asleep', when: both.slice(0, 1), quiet }],
  };
  const handle = await crew.start({ repository: await makeRepository(), policy });
  const id = handle.workflowId;
  const { needs } = await until(handle, (now) => now.needs.length === 1);
  await expect
    .poll(() => toldIn(here).map(({ type, data }) => [type, data.decision?.id, data.decision?.digest]), WAIT)
    .toEqual([['run.waits', 'plan@1', needs[0]?.digest]]);
  const troubled = await until(handle, ({ trouble }) => trouble !== null);
  expect(troubled.trouble).toMatch(
    /^the receiver away takes no notice since .*: it can't be reached \(ECONNREFUSED\)$/,
  );
  expect(troubled.state).toBe('plan gate');
  // It comes back: it is told what it missed, and is no trouble any more.
  const back = await startReceiver(away.port);
  await expect.poll(() => toldIn(back).map(({ data }) => data.decision?.id), WAIT).toEqual(['plan@1']);
  await until(handle, ({ trouble }) => trouble === null);
  expect(toldIn(back)[0]?.data.id).toBe(toldIn(here)[0]?.data.id);
  await back.close();
  await approve(handle, 'plan@1');
  await approve(handle, 'delivery@1');
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  expect((await status(handle)).state).toBe('done');
  const late = await startReceiver(away.port);
  for (const receiver of [here, late])
    await expect.poll(() => toldIn(receiver).at(-1)?.data.text, WAIT).toBe(`${id} has ended, done`);
  // Its night is not over; the run did not wait for the morning.
  expect(asleep.got).toEqual([]);
  const listRunning = async (): Promise<string[]> =>
    await listNotices(id, crew.client, "AND ExecutionStatus = 'Running'");
  await expect.poll(listRunning, WAIT).toEqual(['plan', 'delivery'].map(() => expect.stringMatching(/-asleep$/)));
  for (const sleeping of await listRunning()) await crew.client.workflow.getHandle(sleeping).terminate();
  const [notice = ''] = await listNotices(id, crew.client, "AND ExecutionStatus = 'Completed'");
  await recordHistories({ 'v0.6-refactor-notices': id, 'v0.6-notice': notice });
});

async function listNotices(id: string, client: Crew['client'], which: string): Promise<string[]> {
  const found: string[] = [];
  const query = `WorkflowType = 'notice' AND WorkflowId STARTS_WITH '${id}/' ${which}`;
  for await (const { workflowId } of client.workflow.list({ query })) found.push(workflowId);
  return found;
}

test('a notice that no refactor sealed reaches nobody', async () => {
  const receiver = await startReceiver();
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-receivers-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'receivers.json');
  await writeFile(file, JSON.stringify({ ops: { chat: receiver.url } }));
  const crew = await startCrew(() => finish(), { env: { COXSWAIN_RECEIVERS: file } });
  const forged = {
    notice: { id: 'x', kind: 'waits', at: 1, run: 'r', goal: 'g', repository: 'r', text: 'pay' },
    to: 'ops',
    quiet: [],
  };
  const handle = await crew.client.workflow.start('notice', {
    taskQueue: crew.taskQueue,
    workflowId: `forged-${crew.taskQueue}`,
    args: [forged],
  });
  await expect(handle.result()).rejects.toThrow();
  expect(receiver.got).toEqual([]);
});

test('a report of a notice that anybody mistyped is refused, and the run goes on', async () => {
  const crew = await startCrew(() => planned(onePlan({ id: 'a', paths: ['a/**'] })));
  const handle = await crew.start({ repository: await makeRepository() });
  for (const input of [[], [null], ['x'], [{}]]) await handle.signal('noticeReport', ...input);
  const { receipts } = await until(
    handle,
    (now) => now.receipts.filter(({ verb }) => verb === 'noticeReport').length === 4,
  );
  expect(receipts.filter(({ verb }) => verb === 'noticeReport').every(({ state }) => state === 'refused')).toBe(true);
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'plan@1'));
});
