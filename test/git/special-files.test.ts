/** Repositories by path with a pipe, a device or an endless file in place of a file: none blocks a worker. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { deliverBranch } from '../../src/git/remote/deliver-branch.ts';
import { importBase } from '../../src/git/remote/import-base.ts';
import type { Store } from '../../src/git/store.ts';
import { addCommit, newRepository, newStore, refNames } from './git-host.ts';

async function said(store: Store, repository: string): Promise<string> {
  return await importBase(store, { repository }).then(({ commit }) => commit, String);
}

/** Files of a repository, and what each is replaced by. */
const special: Record<string, (repository: string) => void> = {
  'its .git': (repository) => {
    renameSync(join(repository, '.git'), join(repository, 'old'));
    pipe(join(repository, '.git'));
  },
  'where a .git leads to': (repository) => {
    renameSync(join(repository, '.git'), join(repository, 'old'));
    pipe(join(repository, 'pipe'));
    symlinkSync('pipe', join(repository, '.git'));
  },
  'its .git, which is a device': (repository) => {
    renameSync(join(repository, '.git'), join(repository, 'old'));
    symlinkSync('/dev/zero', join(repository, '.git'));
  },
  'its .git, which is larger than memory': (repository) => {
    renameSync(join(repository, '.git'), join(repository, 'old'));
    writeFileSync(join(repository, '.git'), 'gitdir: old\n');
    truncateSync(join(repository, '.git'), 2 ** 40);
  },
  commondir: (repository) => pipe(join(repository, '.git/commondir')),
  'its alternates': (repository) => pipe(join(repository, '.git/objects/info/alternates')),
  'its HEAD': (repository) => pipe(join(repository, '.git/HEAD')),
  'its configuration': (repository) => pipe(join(repository, '.git/config')),
  'its packed refs': (repository) => pipe(join(repository, '.git/packed-refs')),
  'one of its refs': (repository) => pipe(join(repository, '.git/refs/heads/deep/down')),
  'where one of its refs leads to': (repository) => {
    pipe(join(repository, 'pipe'));
    symlinkSync(join(repository, 'pipe'), join(repository, '.git/refs/heads/link'));
  },
  'one of its objects': (repository) => pipe(join(repository, '.git/objects/ab/cdef')),
};

function pipe(path: string): void {
  rmSync(path, { force: true });
  mkdirSync(dirname(path), { recursive: true });
  execFileSync('mkfifo', [path]);
}

test.each(Object.entries(special))('is refused at once with something else than a file for %s', async (_, make) => {
  const repository = newRepository({ file: 'one\n' });
  make(repository);
  // More of them than Node has threads for file operations.
  const store = await newStore();
  const answers = await Promise.all(Array.from({ length: 6 }, async () => await said(store, repository)));
  for (const answer of answers)
    expect(answer).toMatch(/is not a git repository.*(?:named pipe|device), not a file|at most \d+ are read/);
  expect(refNames(store.dir)).toEqual([]);
  // A thread is still free.
  await expect(readFile(join(repository, 'none'))).rejects.toThrow('ENOENT');
});

test('is not written where its logs or heads are something else than files', async () => {
  const repository = newRepository({ file: 'one\n' });
  const store = await newStore();
  const { commit } = await importBase(store, { repository });
  const to = addCommit(store, { file: '2' }, { parents: [commit] });
  pipe(join(repository, '.git/logs/refs/heads/a'));
  pipe(join(repository, '.git/worktrees/x/HEAD'));
  const deliver = async (branch: string): Promise<unknown> =>
    await deliverBranch(store, { repository, branch, commit: to });
  expect(await deliver('a')).toMatchObject({ kind: 'refused', reason: expect.stringContaining('a named pipe') });
  expect(await deliver('b')).toMatchObject({ kind: 'delivered' });
});
