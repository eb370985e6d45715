/** Names that git refuses, since some file system takes them for git's own folder or files. */
import { expect, test } from 'vitest';
import { isGitsOwn, isSafePath, readByGit, staysInside } from '../../src/git/safe-path.ts';
import { findFaults, git, newStore } from './git-host.ts';

const latin = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

test.each([
  '.git',
  '.GIT',
  'git~1',
  'GIT~1',
  '.g\u200Cit',
  '\uFEFF.git',
  '.Gi\u202At',
  '.git.',
  '.git ',
  '.git . .',
  'git~1 ',
  '.git::$INDEX_ALLOCATION',
  '.git ::$DATA',
  '.git:stream',
  'a\\.git',
  'a\\..\\.GIT.\\config',
])('%j is git’s own folder to some file system', (name) => {
  expect(isGitsOwn(latin(name))).toBe(true);
  expect(isSafePath(Buffer.from(`a/${name}/hooks`))).toBe(false);
});

test.each(['.gitignore', 'git', '.github', '.git-blame', 'x.git', 'git~2', '.gi\u0301t', 'a\\b', '...git', '.gitfoo'])(
  '%j is a plain name',
  (name) => {
    expect(isGitsOwn(latin(name))).toBe(false);
    expect(isSafePath(Buffer.from(name))).toBe(true);
  },
);

test('files that git reads by itself are recognised in every spelling', () => {
  for (const name of ['.gitmodules', '.GITMODULES', '.git\u200Cmodules', '.gitmodules.', '.gitmodules::$DATA'])
    expect(readByGit(latin(name))).toBe('.gitmodules');
  for (const name of ['gitmod~1', 'GI7EBA~1', 'gi7eb~10', 'gi7d29~1', '.gitattributes', '.mailmap', '.gitignore'])
    expect(readByGit(name)).toBeDefined();
  for (const name of ['gitmodules', '.gitmodules.txt', 'mailmap']) expect(readByGit(name)).toBeUndefined();
});

test('names that are not UTF-8 end where they end for git', () => {
  expect(isGitsOwn('.git\xff')).toBe(true);
  expect(isGitsOwn('.GIT\xe2\x80.txt')).toBe(true);
  expect(readByGit('.gitmodules\xff')).toBe('.gitmodules');
  expect(isGitsOwn('git\xff')).toBe(false);
});

test('a deleted path may be any that stays in its folder', () => {
  expect(staysInside(Buffer.from('a/.g\u200Cit/hooks'))).toBe(true);
  for (const path of ['../a', 'a/./b', 'a//b', '/a', '.git/config', ''])
    expect(staysInside(Buffer.from(path))).toBe(false);
});

/** Names that git looks for, with variations before and after them. */
const WANTED = [
  '.git',
  'git~1',
  '.gitmodules',
  'gitmod~1',
  'gi7eb~10',
  '.gitattributes',
  '.gitignore',
  '.mailmap',
  'maba30~1',
];
const STARTS = ['', 'x', '\\', 'x\\', '.', '\xe2\x80\x8c'];
const ENDS = ['', 'x', '.', ' ', ' .', ':', ':x', '\\', '\\x', '\xff', '\xffx', '\xe2\x80\x8c', '\xef\xbb\xbf:'];

test('no name that git itself refuses, as a link, is accepted', async () => {
  const names = STARTS.flatMap((start) => WANTED.flatMap((name) => ENDS.map((end) => start + name + end)));
  const { dir: store } = await newStore();
  const blob = git(store, ['hash-object', '-w', '--stdin'], Buffer.from('x'));
  const trees = names.map((name) => Buffer.from(`120000 blob ${blob}\t${name}\0\0`, 'latin1'));
  const ids = git(store, ['mktree', '-z', '--batch'], Buffer.concat(trees)).split('\n');
  const refused = new Set(
    findFaults(store).map((line) => /tree ([0-9a-f]{40}): (?:hasDotgit|git\w+Symlink|mailmapSymlink)/.exec(line)?.[1]),
  );
  const isPlain = (name: string): boolean => !isGitsOwn(name) && readByGit(name) === undefined;
  expect(names.filter((name, at) => refused.has(ids[at]) && isPlain(name))).toEqual([]);
  expect(refused.size).toBeGreaterThan(100);
});
