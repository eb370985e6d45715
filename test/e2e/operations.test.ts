import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../../src/client/connect.ts';
import type { JanitorResult } from '../../src/core/upkeep/retention.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import { signals, updates } from '../../src/workflows/messages.ts';
import type { Script } from '../workflows/harness.ts';
import {
  approve,
  ask,
  finish as done,
  git,
  makeRepository,
  onePlan,
  planned,
  ROOT,
  shell,
  startCrew,
  temporal,
  until,
} from '../workflows/harness.ts';

const COX = join(ROOT, 'src/cli.ts');
const GOAL = 'replace `var $A = require($B)` with `const $A = require($B)` in javascript';

/** The commands of the operations guide between two of its markers. */
async function readCommands(name: string): Promise<string[]> {
  const guide = await readFile(join(ROOT, 'docs/operations.md'), 'utf8');
  const block = new RegExp(`<!-- ${name}:begin -->\\n\`\`\`sh\\n([^]*?)\`\`\`\\n<!-- ${name}:end -->`).exec(guide)?.[1];
  return (block ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

async function sh(cwd: string, command: string): Promise<string> {
  return (await execa('sh', ['-c', command], { cwd, env: { HOME: cwd } })).stdout;
}

/** `cox up` with this home folder, with a client; it is ended as a person ends it. */
async function coxUp(
  folder: string,
): Promise<{ client: Awaited<ReturnType<typeof connectClient>>['client']; end: () => Promise<void> }> {
  const env = {
    TEMPORAL_ADDRESS: '',
    OPENAI_API_KEY: '',
    OPENAI_BASE_URL: '',
    COXSWAIN_STATE: '',
    HOME: folder,
    XDG_STATE_HOME: '',
    // Use programs that were downloaded before.
    XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    COXSWAIN_RETENTION_DAYS: '0',
  };
  const cox = execa(process.execPath, [COX, 'up'], { cwd: folder, env, reject: false });
  onTestFinished(() => void cox.kill('SIGKILL'));
  let said = '';
  const address = await new Promise<string>((resolve, reject) => {
    cox.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /Temporal (\S+:\d+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
    void cox.then(({ stderr }) => reject(new Error(`cox up ended: ${said}${stderr}`)));
  });
  const connected = await connectClient({ address, namespace: 'default' });
  const end = async (): Promise<void> => {
    await connected.close();
    cox.kill('SIGINT');
    expect((await cox).exitCode).toBe(0);
  };
  return { client: connected.client, end };
}

type Client = Awaited<ReturnType<typeof coxUp>>['client'];

async function start(client: Client, repository: string, id: string): Promise<void> {
  const input = { repository, goal: GOAL, branch: id };
  await client.workflow.start('refactor', { workflowId: id, taskQueue: 'coxswain', args: [input] });
  await until(client.workflow.getHandle(id), ({ needs }) => needs.some((need) => need.id === 'plan@1'), 90_000);
}

async function finish(client: Client, id: string): Promise<void> {
  const handle = client.workflow.getHandle(id);
  await handle.executeUpdate(updates.approve, { args: ['plan@1'] });
  await until(handle, ({ needs }) => needs.some((need) => need.id === 'delivery@1'), 90_000);
  await handle.executeUpdate(updates.approve, { args: ['delivery@1'] });
  await handle.result();
}

const countRefs = async (hub: string): Promise<number> =>
  (await git(hub, 'for-each-ref', 'refs/coxswain/agents', 'refs/coxswain/refactors')).split('\n').filter(Boolean)
    .length;
const countObjects = async (hub: string): Promise<number> =>
  (await git(hub, 'cat-file', '--batch-all-objects', '--batch-check')).split('\n').length;

test('the backup of the guide is enough to go on elsewhere, and its commands for disks are safe', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-operations-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [first, second, repository] = [join(folder, 'first'), join(folder, 'second'), join(folder, 'sample')];
  for (const dir of [first, second]) await mkdir(dir);
  await cp(join(ROOT, 'demo/sample'), repository, { recursive: true });
  await git(repository, 'init', '-q', '-b', 'main');
  await git(repository, 'add', '-A');
  await git(repository, 'commit', '-q', '-m', 'first');

  const before = await coxUp(first);
  await start(before.client, repository, 'kept');
  await before.end();
  const [keep = '', restore = ''] = (await readCommands('backup')).map((line) =>
    line.replaceAll('/backup', join(folder, 'backup')),
  );
  await sh(first, keep);
  await rm(first, { recursive: true, force: true });
  await sh(second, restore);
  const { client, end } = await coxUp(second);
  await finish(client, 'kept');
  expect(await git(repository, 'diff', '--name-only', 'main', 'kept')).toContain('lib/predict.js');

  const hubs = join(second, '.local/state/coxswain/hub');
  const hub = join(hubs, (await readdir(hubs)).find((name) => name.endsWith('.git')) ?? '');
  const [pack = '', free = ''] = await readCommands('disk');
  const objects = await countObjects(hub);
  await sh(hub, pack);
  expect(await countObjects(hub)).toBe(objects);
  // Pack while the stack runs: the next run still finds everything.
  await start(client, repository, 'packed');
  await client.workflow.getHandle('packed').signal(signals.stop);
  await client.workflow.getHandle('packed').result();
  const input = { retentionDays: 0 };
  const swept = await client.workflow.execute('janitor', { taskQueue: 'coxswain', workflowId: 'now', args: [input] });
  expect((swept as JanitorResult).failed).toEqual([]);
  expect(await countRefs(hub)).toBe(0);
  await end();
  await sh(hub, free);
  expect(await countObjects(hub)).toBeLessThan(objects);
  expect(await git(hub, 'config', 'extensions.preciousObjects')).toBe('true');

  const after = await coxUp(second);
  await start(after.client, repository, 'freed');
  await after.end();
});

const ASKS: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  if (turn === 1) return ask('go on?');
  return turn < 3 ? shell(`echo ${turn} >> a/lines`) : done();
};

test("a run whose database is older than its hub holds, and goes on in a new chain by the guide's commands", async () => {
  const crew = await startCrew(ASKS);
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'restored' });
  await approve(handle, 'plan@1');
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'question'));
  // The lost part of the history had two more steps.
  const hub = join(crew.stateDir, 'hub', `${refSlug(repository)}.git`);
  const id = `${handle.workflowId}/a.1`;
  const [ref = ''] = (
    await git(hub, 'for-each-ref', '--format=%(refname)', `refs/coxswain/agents/${refSlug(id)}`)
  ).split('\n');
  const commit = async (parent: string): Promise<string> =>
    await git(hub, 'commit-tree', `${parent}^{tree}`, '-p', parent, '-m', 'lost');
  await git(hub, 'update-ref', ref, await commit(await commit(ref)));
  await handle.executeUpdate(updates.answer, { args: ['yes'] });
  await until(handle, ({ tasks }) =>
    tasks.some(({ needs }) => needs.join().includes('holds: think failed: Superseded')),
  );
  for (const line of await readCommands('restored')) {
    const [, ...args] = line.replace('<id>', id).split(' ');
    await temporal(...args);
  }
  await approve(handle, 'delivery@1');
  await handle.result();
  expect(await git(repository, 'show', 'restored:a/lines')).toBe('0\n2');
});
