/** Keys in the life of a team: a worker with another one, and a new one while runs are under way. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connectClient } from '../../src/client/connect.ts';
import { claimRecord, readRecord } from '../../src/client/seal-record.ts';
import { readConfig } from '../../src/config.ts';
import { addKey, ensureKeyFile, readKeyFile } from '../../src/seal/key-file.ts';
import { startWorker } from '../../src/worker.ts';
import type { Crew, Script } from './harness.ts';
import { approve, finish, git, makeRepository, onePlan, planned, shell, startCrew, status } from './harness.ts';

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-keys-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const idsOf = (file: string): string[] => readKeyFile(file).keys.map(({ id }) => id);

/** Starts a worker on the crew's queue from a state folder of its own, with the keys of that folder. */
async function startNewcomer(crew: Crew, stateDir: string, said: string[] = []): Promise<() => Promise<void>> {
  const hub = join(crew.stateDir, 'hub', '{repository}.git');
  const own = { COXSWAIN_STATE: stateDir, COXSWAIN_TASK_QUEUE: crew.taskQueue, COXSWAIN_ROLES: 'model' };
  const env = { ...own, COXSWAIN_HUB: hub };
  const worker = await startWorker(readConfig(env, stateDir), {
    address: inject('temporalAddress'),
    namespace: 'default',
    model: { name: 'scripted', apiKey: 'none', baseUrl: crew.model.url },
    defaultRoots: ['/'],
    say: (line) => said.push(line),
  });
  return async () => await worker.stop();
}

test('a worker with another key does not begin, and says why; claimed or known from before, it does', async () => {
  const shared = join(await makeFolder(), 'seal.json');
  await ensureKeyFile(shared);
  const crew = await startCrew(() => finish(), { env: { COXSWAIN_SEAL: shared } });
  const connected = await connectClient({ address: inject('temporalAddress'), namespace: 'default' });
  onTestFinished(() => connected.close());
  const { client } = connected;
  expect(await readRecord(client, crew.taskQueue)).toEqual(idsOf(shared));

  const folder = await makeFolder();
  await expect(startNewcomer(crew, folder)).rejects.toThrow(
    /have the key [0-9a-f]{8}, and .*seal\.json has [0-9a-f]{8}/,
  );
  await expect(startNewcomer(crew, folder)).rejects.toThrow('cox seal claim');
  const [own] = idsOf(join(folder, 'seal.json'));
  await claimRecord(client, crew.taskQueue, [own ?? '']);
  await (await startNewcomer(crew, folder))();

  // What anybody may write there stops nobody who has worked here before.
  await claimRecord(client, crew.taskQueue, ['deadbeef']);
  const said: string[] = [];
  await (await startNewcomer(crew, folder, said))();
  expect(said.join()).toContain('worked there before, and goes on');
  await crew.restartWorker();
});

test('a key that is rotated while a run is under way loses nothing', async () => {
  const file = join(await makeFolder(), 'seal.json');
  await ensureKeyFile(file);
  const [first] = idsOf(file);
  let turns = 0;
  const script: Script = async ({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    turns = turn;
    // In the middle of an activity: its input is sealed by the one key, its answer by the other.
    if (turn === 2) {
      await addKey(file, Date.now());
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
    return turn < 5 ? shell(`echo ${turn} >> a/lines`) : finish();
  };
  const crew = await startCrew(script, { env: { COXSWAIN_SEAL: file } });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'rotated' });
  await approve(handle, 'plan@1');
  await approve(handle, 'delivery@1', 90_000);
  await handle.result();
  expect(turns).toBe(5);
  expect(await git(repository, 'show', 'rotated:a/lines')).toBe('0\n1\n2\n3\n4');
  expect((await status(handle)).receipts.filter(({ state }) => state === 'refused')).toEqual([]);
  const sealedBy = new Set<string>();
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  for (const { activityTaskCompletedEventAttributes: one } of (await agent.fetchHistory()).events ?? []) {
    const seal = one?.result?.payloads?.[0]?.metadata?.['cox-seal'];
    if (seal) sealedBy.add(Buffer.from(seal).subarray(0, 4).toString('hex'));
  }
  expect(sealedBy.size).toBe(2);
  expect([...sealedBy][0]).toBe(first);
});
