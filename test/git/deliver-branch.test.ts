/** Delivery: twice has the effect of once, and nothing of the user's is ever overwritten. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Sha } from '../../src/core/transcript.ts';
import { deliverBranch, readRemoteBranch } from '../../src/git/remote/deliver-branch.ts';
import { importBase } from '../../src/git/remote/import-base.ts';
import type { Store } from '../../src/git/store.ts';
import {
  addCommit,
  commitFiles,
  drawGraph,
  git,
  newRepository,
  newStore,
  refNames,
  temporaryFolder,
} from './git-host.ts';

const BRANCH = 'coxswain/rename-things';

interface Work {
  store: Store;
  repository: string;
  base: Sha;
  commit: Sha;
}

/** A repository, and a commit on its head to deliver. */
async function workOn(repository = newRepository()): Promise<Work> {
  const store = await newStore();
  const { commit: base } = await importBase(store, { repository });
  return { store, repository, base, commit: addCommit(store, { file: 'two\n' }, { parents: [base], message: 'work' }) };
}

/** Serves the repositories of a folder by git's own daemon, which refuses pushes by default. */
async function serve(folder: string, options: readonly string[] = []): Promise<string> {
  const port = await freePort();
  const place = [`--base-path=${folder}`, '--listen=127.0.0.1', `--port=${port}`, '--reuseaddr', ...options];
  const daemon = spawn('git', ['daemon', '--export-all', '--informative-errors', ...place], {
    stdio: 'ignore',
    detached: true,
  });
  onTestFinished(() => void process.kill(-(daemon.pid as number), 'SIGKILL'));
  await untilListening(port);
  return `git://127.0.0.1:${port}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    if (attempt > 300) throw new Error('git daemon did not start');
    await delay(50);
  }
}

describe('delivery', () => {
  test('adds one branch at exactly that commit, and touches nothing else', async () => {
    const { store, repository, commit } = await workOn();
    git(store.dir, ['tag', '-a', 'ours', '-m', 'ours', commit]);
    expect(await deliverBranch(store, { repository, branch: BRANCH, commit })).toEqual({
      kind: 'delivered',
      ref: `refs/heads/${BRANCH}`,
    });
    expect(drawGraph(repository, '--all')).toEqual([
      `* work (refs/heads/${BRANCH})`,
      '* base (HEAD -> refs/heads/main)',
    ]);
    expect(git(repository, ['status', '--porcelain'])).toBe('');
    expect(await readRemoteBranch(store, { repository, branch: BRANCH })).toBe(commit);
  });

  test('makes a branch with the longest name that git can store', async () => {
    const { store, repository, commit } = await workOn();
    const branch = `${'d'.repeat(255)}/${'漢'.repeat(83)}`;
    expect(await deliverBranch(store, { repository, branch, commit })).toMatchObject({ kind: 'delivered' });
    expect(await readRemoteBranch(store, { repository, branch })).toBe(commit);
  });

  test('twice, or six times at once, is once', async () => {
    const { store, repository, commit } = await workOn();
    const deliver = () => deliverBranch(store, { repository, branch: BRANCH, commit });
    const outcomes = await Promise.all(Array.from({ length: 6 }, deliver));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['delivered']));
    expect(await deliver()).toEqual({ kind: 'delivered', ref: `refs/heads/${BRANCH}` });
  });

  test('of six different commits at once delivers one, and reports for the others that the branch exists', async () => {
    const { store, repository, base } = await workOn();
    const commits = Array.from({ length: 6 }, (_, n) => addCommit(store, { file: `${n}` }, { parents: [base] }));
    const outcomes = await Promise.all(
      commits.map((commit) => deliverBranch(store, { repository, branch: BRANCH, commit })),
    );
    const at = await readRemoteBranch(store, { repository, branch: BRANCH });
    expect(outcomes.filter(({ kind }) => kind === 'delivered').length).toBe(1);
    expect(outcomes.filter(({ kind }) => kind === 'exists')).toEqual(
      Array.from({ length: 5 }, () => ({ kind: 'exists', at })),
    );
  });

  test('never moves an existing branch, not even one behind the commit', async () => {
    const { store, repository, base, commit } = await workOn();
    git(repository, ['branch', BRANCH]);
    expect(await deliverBranch(store, { repository, branch: BRANCH, commit })).toEqual({ kind: 'exists', at: base });
    expect(await readRemoteBranch(store, { repository, branch: BRANCH })).toBe(base);
  });

  test('works for a shallow clone, from which the base came', async () => {
    const full = newRepository();
    commitFiles(full, { file: 'newer\n' }, 'newer');
    const shallow = join(temporaryFolder(), 'shallow');
    git('/', ['clone', '--quiet', '--depth=1', `file://${full}`, shallow]);
    const { store, commit } = await workOn(shallow);
    expect((await deliverBranch(store, { repository: shallow, branch: BRANCH, commit })).kind).toBe('delivered');
    expect((await deliverBranch(store, { repository: full, branch: BRANCH, commit })).kind).toBe('delivered');
    const lines = ['* work', '* newer', '* base'];
    const draw = (repository: string): string[] =>
      drawGraph(repository, BRANCH).map((line) => line.replace(/ \(.*/, ''));
    expect([draw(shallow), draw(full)]).toEqual([lines.slice(0, 2), lines]);
  });

  test('sends no tag, signature or hook of ours, whatever the person has configured', async () => {
    const { store, repository, commit } = await workOn();
    const mark = join(temporaryFolder(), 'ran');
    mkdirSync(join(store.dir, 'hooks'));
    writeFileSync(join(store.dir, 'hooks/pre-push'), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    git(store.dir, ['tag', '-a', 'ours', '-m', 'ours', commit]);
    for (const setting of ['push.followTags', 'push.gpgSign']) git(store.dir, ['config', setting, 'true']);
    expect((await deliverBranch(store, { repository, branch: BRANCH, commit })).kind).toBe('delivered');
    expect(refNames(repository)).toEqual([`refs/heads/${BRANCH}`, 'refs/heads/main']);
    expect(existsSync(mark)).toBe(false);
  });
});

describe('delivery into a repository that is named by its path', () => {
  const HOOKS = ['pre-receive', 'update', 'reference-transaction', 'post-receive', 'post-update'];

  test('runs none of its hooks and no program that its configuration names, and says which hooks did not run', async () => {
    const { store, repository, commit } = await workOn();
    const mark = join(temporaryFolder(), 'ran');
    const evil = join(repository, '.git/hooks/pre-receive');
    mkdirSync(join(repository, '.git/hooks'), { recursive: true });
    for (const name of HOOKS)
      writeFileSync(join(repository, '.git/hooks', name), `#!/bin/sh\necho ${name} >>${mark}\n`, { mode: 0o755 });
    const lender = newRepository({ other: 'x' });
    writeFileSync(join(repository, '.git/objects/info/alternates'), `${join(lender, '.git/objects')}\n`);
    const programs = ['core.alternateRefsCommand', 'core.fsmonitor', 'core.sshCommand', 'core.gitProxy', 'core.pager'];
    for (const name of programs) git(repository, ['config', name, evil]);
    git(repository, ['config', 'remote.origin.url', `ext::sh -c ${evil}`]);
    git(repository, ['config', 'remote.origin.promisor', 'true']);
    git(repository, ['config', 'protocol.ext.allow', 'always']);
    expect(await deliverBranch(store, { repository, branch: BRANCH, commit })).toEqual({
      kind: 'delivered',
      ref: `refs/heads/${BRANCH}`,
      skippedHooks: HOOKS,
    });
    expect(existsSync(mark)).toBe(false);
    expect(git(repository, ['cat-file', '-p', `${BRANCH}:file`])).toBe('two');
    expect(git(repository, ['fsck', '--connectivity-only', '--no-dangling'])).toBe('');
  });

  test.each(['linked worktree', 'bare repository'])('works for a %s', async (kind) => {
    const repository = newRepository();
    const place = join(temporaryFolder(), 'place');
    if (kind === 'bare repository') git('/', ['clone', '--quiet', '--bare', repository, place]);
    else git(repository, ['worktree', 'add', '--quiet', '-b', 'other', place]);
    const { store, commit } = await workOn(place);
    expect((await deliverBranch(store, { repository: place, branch: BRANCH, commit })).kind).toBe('delivered');
    expect(git(place, ['log', '-1', '--format=%s', BRANCH])).toBe('work');
  });

  test('leaves files that the group may write, if the repository is shared', async () => {
    const shared = join(temporaryFolder(), 'shared.git');
    git('/', ['clone', '--quiet', '--bare', newRepository(), shared]);
    git(shared, ['config', 'core.sharedRepository', 'group']);
    const { store, commit } = await workOn(shared);
    await deliverBranch(store, { repository: shared, branch: BRANCH, commit });
    const folder = join(shared, 'objects', commit.slice(0, 2));
    expect(statSync(folder).mode & 0o070).toBe(0o070);
  });

  test('never makes the branch that is checked out, in itself or in a linked worktree', async () => {
    const work = await workOn();
    git(work.repository, ['symbolic-ref', 'HEAD', `refs/heads/${BRANCH}`]);
    const { store, repository, commit } = work;
    expect(await deliverBranch(store, { repository, branch: BRANCH, commit })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('is the branch that is checked out'),
    });
    git(repository, ['symbolic-ref', 'HEAD', 'refs/heads/main']);
    git(repository, ['worktree', 'add', '--quiet', '--detach', join(temporaryFolder(), 'w')]);
    writeFileSync(join(repository, '.git/worktrees/w/HEAD'), `ref: refs/heads/${BRANCH}\n`);
    expect((await deliverBranch(store, { repository, branch: BRANCH, commit })).kind).toBe('refused');
    expect(refNames(repository)).toEqual(['refs/heads/main']);
  });
});

describe('a refusal', () => {
  async function refusal(work: Work, branch = BRANCH): Promise<string> {
    const { store, repository, commit } = work;
    const outcome = await deliverBranch(store, { repository, branch, commit });
    const { reason } = outcome.kind === 'refused' ? outcome : { reason: JSON.stringify(outcome) };
    return reason.replaceAll(repository, '<repository>').replaceAll(commit, '<commit>');
  }

  test('says what the repository said, with control characters made visible', async () => {
    const folder = temporaryFolder();
    const url = await serve(folder, ['--enable=receive-pack']);
    const served = newRepository({ file: 'one\n' }, folder);
    const work = await workOn(`${url}/repository`);
    mkdirSync(join(served, '.git/hooks'), { recursive: true });
    const hook = '#!/bin/sh\nprintf "branches need \\033[31ma ticket\\033[0m\\n" >&2\nexit 1\n';
    writeFileSync(join(served, '.git/hooks/pre-receive'), hook, { mode: 0o755 });
    expect(await refusal(work)).toMatchInlineSnapshot(`
      "remote: branches need \\u{1b}[31ma ticket\\u{1b}[0m
      To <repository>
       ! [remote rejected] <commit> -> coxswain/rename-things (pre-receive hook declined)
      error: failed to push some refs to '<repository>'"
    `);
    expect(refNames(served)).toEqual(['refs/heads/main']);
  });

  test("is the result if a branch of that name can't exist: below another one, or malformed", async () => {
    const work = await workOn();
    git(work.repository, ['branch', 'coxswain']);
    expect([
      await refusal(work),
      await refusal(work, '-d'),
      await refusal(work, 'a b'),
      await refusal(work, 'refs/heads/x'),
      await refusal(work, 'a:refs/heads/main'),
      await refusal(work, '*'),
      await refusal(work, '漢'.repeat(84)),
    ]).toMatchInlineSnapshot(`
      [
        "fatal: update_ref failed for ref 'refs/heads/coxswain/rename-things': cannot lock ref 'refs/heads/coxswain/rename-things': 'refs/heads/coxswain' exists; cannot create 'refs/heads/coxswain/rename-things'",
        "branch name "-d" starts with "-"",
        "branch name "a b" has a space, a control character, or one of ~ ^ : ? * [ \\",
        "branch name "refs/heads/x" starts with "refs/": give the branch's short name",
        "branch name "a:refs/heads/main" has a space, a control character, or one of ~ ^ : ? * [ \\",
        "branch name "*" has a space, a control character, or one of ~ ^ : ? * [ \\",
        "branch name "漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢漢" has a part of 252 bytes, which git keeps as a file's name: at most 250 can be made. Shorten it",
      ]
    `);
    expect(refNames(work.repository)).toEqual(['refs/heads/coxswain', 'refs/heads/main']);
  });

  test("is the result for a repository that can't make the branch, and for one that is gone", async () => {
    const work = await workOn();
    const { repository } = work;
    // A file in place of the folder of refs: permissions would not stop root.
    git(repository, ['pack-refs', '--all']);
    writeFileSync(join(repository, '.git/refs/heads/coxswain'), '');
    expect(await refusal(work)).toContain('cannot lock ref');
    expect(await refusal({ ...work, repository: join(repository, 'nowhere') })).toContain('is no folder of this');
  });

  test('is the result for a server that takes no push', async () => {
    const folder = temporaryFolder();
    const url = await serve(folder);
    newRepository({ file: 'one\n' }, folder);
    const work = await workOn(`${url}/repository`);
    expect(await refusal(work)).toMatchInlineSnapshot(`"fatal: remote error: service not enabled: /repository"`);
  });

  test('is not the result for a server that is down: that is tried again', async () => {
    const { store, commit } = await workOn();
    const repository = 'http://me:secret@127.0.0.1:1/x.git';
    await expect(deliverBranch(store, { repository, branch: BRANCH, commit })).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.not.stringContaining('secret'),
    });
  });
});
