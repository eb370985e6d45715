/** The base of a refactor: which commit is fetched into the hub, and every reason for which there is none. */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GitFailure } from '../../src/git/git-failure.ts';
import { importBase } from '../../src/git/remote/import-base.ts';
import { readChain } from '../../src/git/read/read-chain.ts';
import { openStore } from '../../src/git/store.ts';
import {
  commitFiles,
  drawGraph,
  drawTree,
  git,
  newRepository,
  newStore,
  refNames,
  shaOf,
  temporaryFolder,
  writeFiles,
} from './git-host.ts';

/** A repository with three commits, a branch, and both kinds of tags. */
function repositoryWithHistory(): string {
  const repository = newRepository({ file: 'one\n' });
  git(repository, ['tag', '-a', 'v1', '-m', 'first']);
  git(repository, ['tag', 'light']);
  git(repository, ['branch', 'twin']);
  git(repository, ['checkout', '--quiet', '-b', 'feature/x']);
  commitFiles(repository, { feature: 'x\n' }, 'on feature');
  git(repository, ['checkout', '--quiet', 'main']);
  commitFiles(repository, { file: 'two\n' }, 'second');
  return repository;
}

describe('the base', () => {
  test('is HEAD with its whole history, and nothing else of the repository', async () => {
    const repository = repositoryWithHistory();
    const store = await newStore();
    const head = shaOf(repository, 'main');
    const base = await importBase(store, { repository });
    expect(base).toEqual({ commit: head, tree: shaOf(repository, 'main^{tree}'), branch: 'main', dirty: false });
    expect(drawGraph(store.dir, '--all')).toEqual([`* second (refs/coxswain/bases/${head})`, '* base']);
    expect(drawTree(store, head)).toEqual(['100644 file two\\n']);
    expect(readdirSync(store.dir)).not.toContain('FETCH_HEAD');
  });

  test('is what a branch, a tag of either kind or a full commit id names; a branch comes before a tag', async () => {
    const repository = repositoryWithHistory();
    const store = await newStore();
    const first = shaOf(repository, 'twin');
    const named = async (base: string): Promise<unknown> => {
      const { commit, branch } = await importBase(store, { repository, base });
      return { commit: git(repository, ['log', '-1', '--format=%s', commit]), branch };
    };
    git(repository, ['tag', 'main', 'feature/x']);
    expect([
      await named('feature/x'),
      await named('v1'),
      await named('light'),
      await named(first),
      await named('main'),
    ]).toEqual([
      { commit: 'on feature', branch: 'feature/x' },
      { commit: 'base', branch: null },
      { commit: 'base', branch: null },
      { commit: 'base', branch: null },
      { commit: 'second', branch: 'main' },
    ]);
    expect((await importBase(store, { repository, base: 'twin' })).branch).toBe('twin');
  });

  test('is in a branch or a tag of the repository: a commit of a fork or a pull request is refused', async () => {
    const repository = repositoryWithHistory();
    const store = await newStore();
    const onBranch = shaOf(repository, 'feature/x');
    git(repository, ['checkout', '--quiet', '-b', 'gone']);
    commitFiles(repository, { file: 'of a fork\n' }, 'of a fork');
    const fork = shaOf(repository, 'gone');
    git(repository, ['update-ref', 'refs/pull/7/head', fork]);
    git(repository, ['checkout', '--quiet', 'main']);
    git(repository, ['branch', '--quiet', '-D', 'gone']);
    const refusal = /in no branch and no tag of .*push it there as a branch/;
    await expect(importBase(store, { repository, base: fork })).rejects.toThrow(refusal);
    for (const base of ['refs/pull/7/head', 'pull/7/head'])
      await expect(importBase(store, { repository, base })).rejects.toThrow('has no branch, tag or full commit id');
    // The commit is in the store now, as a commit of another repository would be.
    await expect(importBase(store, { repository, base: fork })).rejects.toThrow(refusal);
    expect((await importBase(store, { repository, base: onBranch })).commit).toBe(onBranch);
    git(repository, ['tag', 'kept', fork]);
    expect((await importBase(store, { repository, base: fork })).commit).toBe(fork);
    git(repository, ['tag', '-d', 'kept']);
    // A run under way keeps its base when a branch is rewritten.
    expect((await importBase(store, { repository, base: fork, isBegun: true })).commit).toBe(fork);
  });

  test("has no branch where HEAD is at a commit, and HEAD's own branch where two stand at it", async () => {
    const repository = newRepository();
    const store = await newStore();
    git(repository, ['branch', 'a-first-by-name']);
    expect((await importBase(store, { repository })).branch).toBe('main');
    git(repository, ['checkout', '--quiet', '--detach']);
    expect((await importBase(store, { repository })).branch).toBeNull();
  });

  test('may come from a shallow clone, a linked worktree, a bare repository or a file URL', async () => {
    const repository = repositoryWithHistory();
    const folder = temporaryFolder();
    const [shallow, worktree, bare] = ['shallow', 'worktree', 'bare.git'].map((name) => join(folder, name));
    git(folder, ['clone', '--quiet', '--depth=1', `file://${repository}`, shallow as string]);
    git(repository, ['worktree', 'add', '--quiet', worktree as string, 'feature/x']);
    git(folder, ['clone', '--quiet', '--bare', repository, bare as string]);
    const bases = [];
    for (const place of [shallow, worktree, bare, `file://${repository}`]) {
      const store = await newStore();
      const { commit, branch, dirty } = await importBase(store, { repository: place as string });
      bases.push({ branch, dirty, chain: drawGraph(store.dir, commit).map((line) => line.replace(/ \(.*/, '')) });
    }
    expect(bases).toEqual([
      { branch: 'main', dirty: false, chain: ['* second'] },
      { branch: 'feature/x', dirty: false, chain: ['* on feature', '* base'] },
      { branch: 'main', dirty: null, chain: ['* second', '* base'] },
      { branch: 'main', dirty: false, chain: ['* second', '* base'] },
    ]);
  });

  test('reaches a hub elsewhere, from which another host fetches it', async () => {
    const repository = repositoryWithHistory();
    const hub = await newStore();
    const cache = await openStore({ dir: join(temporaryFolder(), 'cache.git'), remote: hub.dir });
    const { commit } = await importBase(cache, { repository });
    expect(refNames(hub.dir)).toEqual([`refs/coxswain/bases/${commit}`]);
    expect((await readChain(hub, { base: shaOf(repository, 'twin'), head: commit })).length).toBe(1);
  });
});

describe('a working copy', () => {
  const changes: Record<string, (repository: string) => void> = {
    'a changed file': (repository) => writeFiles(repository, { file: 'changed\n' }),
    'a new file': (repository) => writeFiles(repository, { 'new/file': '' }),
    'a staged file': (repository) => {
      writeFiles(repository, { file: 'staged\n' });
      git(repository, ['add', 'file']);
      writeFiles(repository, { file: 'one\n' });
    },
    'a removed file': (repository) => git(repository, ['rm', '--quiet', 'file']),
    'a changed mode': (repository) => chmodSync(join(repository, 'file'), 0o755),
  };
  test.each(Object.entries(changes))('with %s is dirty, and stays as it is', async (_, change) => {
    const repository = newRepository();
    change(repository);
    const status = (): string => git(repository, ['--no-optional-locks', 'status', '--porcelain']);
    const [before, index] = [status(), readFileSync(join(repository, '.git/index'))];
    expect((await importBase(await newStore(), { repository })).dirty).toBe(true);
    expect([status(), readFileSync(join(repository, '.git/index'))]).toEqual([before, index]);
  });

  test('is clean with ignored files, empty folders, changed times, or as a copy', async () => {
    const repository = newRepository({ file: 'one\n', '.gitignore': '*.log\n' });
    writeFiles(repository, { 'x.log': 'ignored', private: 'ignored here' });
    writeFileSync(join(repository, '.git/info/exclude'), 'private\n');
    mkdirSync(join(repository, 'empty'));
    utimesSync(join(repository, 'file'), 1, 1);
    const copy = join(temporaryFolder(), 'copy');
    cpSync(repository, copy, { recursive: true });
    const store = await newStore();
    expect((await importBase(store, { repository })).dirty).toBe(false);
    expect((await importBase(store, { repository: copy })).dirty).toBe(false);
  });

  test('runs no program of its own while it is checked: filters, monitors, hooks, external diffs', async () => {
    const repository = newRepository({ file: 'one\n', '.gitattributes': '* filter=evil diff=evil\n' });
    const mark = join(temporaryFolder(), 'ran');
    const evil = join(repository, '.git/evil');
    writeFileSync(evil, `#!/bin/sh\ntouch ${mark}\ncat\n`, { mode: 0o755 });
    const settings = [
      'filter.evil.clean',
      'filter.evil.process',
      'core.fsmonitor',
      'diff.evil.command',
      'diff.external',
      'uploadpack.packObjectsHook',
      'diff.evil.textconv',
    ];
    for (const name of settings) git(repository, ['config', name, evil]);
    mkdirSync(join(repository, '.git/hooks'), { recursive: true });
    for (const name of ['post-index-change', 'post-checkout']) cpSync(evil, join(repository, '.git/hooks', name));
    writeFiles(repository, { file: 'two\n', other: 'x' });
    expect((await importBase(await newStore(), { repository })).dirty).toBe(true);
    expect(existsSync(mark)).toBe(false);
  });
});

/** A file that exists only if a name was run as a command. */
const MARK = join(tmpdir(), `coxswain-git-ran-${process.pid}`);

describe('there is no base', () => {
  const reasons: Record<string, () => { repository: string; base?: string }> = {
    'in a folder that is no repository': () => ({ repository: temporaryFolder() }),
    'in a folder that is not there': () => ({ repository: join(temporaryFolder(), 'nowhere') }),
    'in a repository without a commit': () => {
      const repository = join(temporaryFolder(), 'r');
      git('/', ['init', '--quiet', repository]);
      return { repository };
    },
    'under an unknown name': () => ({ repository: newRepository(), base: 'no-such' }),
    'under a short commit id': () => {
      const repository = newRepository();
      return { repository, base: shaOf(repository, 'HEAD').slice(0, 10) };
    },
    'under an id that the repository does not have': () => ({ repository: newRepository(), base: '1'.repeat(40) }),
    'under a name that looks like an option': () => ({
      repository: newRepository(),
      base: `--upload-pack=touch ${MARK}`,
    }),
    'where the tag is of a file': () => {
      const repository = newRepository();
      git(repository, ['tag', 'blob', 'HEAD:file']);
      return { repository, base: 'blob' };
    },
    'where HEAD names a branch without commit': () => {
      const repository = newRepository();
      git(repository, ['symbolic-ref', 'HEAD', 'refs/heads/none']);
      return { repository };
    },
    'in a repository of another user': () => {
      const repository = newRepository();
      for (const path of [repository, join(repository, '.git')]) chownSync(path, 65534, 65534);
      return { repository };
    },
    'where nobody answers, and the address keeps its secret': () => ({
      repository: 'http://me:secret@127.0.0.1:1/x.git',
    }),
    'where ids are SHA-256': () => {
      const repository = join(temporaryFolder(), 'r');
      git('/', ['init', '--quiet', '--object-format=sha256', repository]);
      commitFiles(repository, { file: '' }, 'm');
      return { repository };
    },
    'behind a program': () => ({ repository: `ext::sh -c touch% ${MARK}` }),
    'behind an option': () => ({ repository: `--upload-pack=touch ${MARK}` }),
  };
  test('each reason has its kind and its message, and nothing is stored', async () => {
    const told: Record<string, string> = {};
    for (const [reason, make] of Object.entries(reasons)) {
      const store = await newStore();
      const input = make();
      const error: unknown = await importBase(store, input).catch((thrown: unknown) => thrown);
      const { kind, message } = error instanceof GitFailure ? error : { kind: 'none', message: String(error) };
      const said = message
        .replaceAll(input.repository, '<repository>')
        .replaceAll(MARK, '<mark>')
        .replace(/(fatal: ).*(upload-pack: not our ref|unable to access).*/, '$1$2');
      told[reason] = `${kind}: ${said.split('\n')[0]}`;
      expect(refNames(store.dir)).toEqual([]);
      expect(existsSync(MARK)).toBe(false);
    }
    expect(told).toMatchInlineSnapshot(`
      {
        "behind a program": "not-a-repository: "<repository>" is no address of a known form: write https://host/path, ssh://host/path, git@host:path, or ./path for a path",
        "behind an option": "not-a-repository: "<repository>" is neither a path nor a URL",
        "in a folder that is no repository": "not-here: "<repository>" is not a git repository, or this worker may not read it (ENOENT)",
        "in a folder that is not there": "not-here: "<repository>" is no folder of this worker's host: give a git URL, or a path there",
        "in a repository of another user": "ownership: <repository> belongs to another user than the worker's: run the worker as its owner, or add it to safe.directory",
        "in a repository without a commit": "empty-repository: <repository> has no commit yet: commit something first",
        "under a name that looks like an option": "missing-base: <repository> has no branch, tag or full commit id "--upload-pack=touch <mark>": name one of its branches by "base": main",
        "under a short commit id": "missing-base: <repository> has no branch, tag or full commit id "16c1e815ef": name one of its branches by "base": main",
        "under an id that the repository does not have": "missing-base: <repository> has no commit 1111111111111111111111111111111111111111 that can be fetched: fatal: upload-pack: not our ref",
        "under an unknown name": "missing-base: <repository> has no branch, tag or full commit id "no-such": name one of its branches by "base": main",
        "where HEAD names a branch without commit": "missing-base: <repository> has a HEAD without a commit: name one of its branches by "base": main",
        "where ids are SHA-256": "not-a-repository: <repository> uses SHA-256 for its commits: only repositories with SHA-1 are supported",
        "where nobody answers, and the address keeps its secret": "unreachable: http://***@127.0.0.1:1/x.git can't be reached; it is tried again: fatal: unable to access",
        "where the tag is of a file": "missing-base: <repository> has no commit blob that can be fetched: error: 5626abf0f72e58d7a153368ba57db4c673c0e171^{commit}: expected commit type, but the object dereferences to blob type",
      }
    `);
  });
});

test('reading changes nothing in the repository', async () => {
  const repository = repositoryWithHistory();
  const before = readdirSync(join(repository, '.git'), { recursive: true, encoding: 'utf8' }).toSorted();
  const index = statSync(join(repository, '.git/index')).mtimeMs;
  await importBase(await newStore(), { repository });
  expect(readdirSync(join(repository, '.git'), { recursive: true, encoding: 'utf8' }).toSorted()).toEqual(before);
  expect(statSync(join(repository, '.git/index')).mtimeMs).toBe(index);
});
