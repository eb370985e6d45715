/** Names and files that git refuses, since somebody's file system or git would make more of them than is there. */
import { describe, expect, test } from 'vitest';
import { isGitsOwn, isPlainModules, isSafePath, readByGit } from '../../src/git/safe-path.ts';

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

test('files that git reads by itself are known in every disguise', () => {
  for (const name of ['.gitmodules', '.GITMODULES', '.git\u200Cmodules', '.gitmodules.', '.gitmodules::$DATA'])
    expect(readByGit(latin(name))).toBe('.gitmodules');
  for (const name of ['gitmod~1', 'GI7EBA~1', '.gitattributes', '.mailmap', '.gitignore'])
    expect(readByGit(name)).toBeDefined();
  for (const name of ['gitmodules', '.gitmodules.txt', 'mailmap']) expect(readByGit(name)).toBeUndefined();
});

describe('a .gitmodules', () => {
  test.each([
    '',
    '# nothing\n',
    '[submodule "lib/a"]\n\tpath = lib/a\n\turl = https://example.org/a.git\n\tbranch = main\n',
    '[submodule "x"]\r\n  path = x\r\n  url = ../x.git\r\n  update = rebase\r\n',
    '[submodule "x"]\n\tpath = x\n\turl = git@example.org:team/x.git\n',
  ])('of plain values is kept: %j', (text) => expect(isPlainModules(text)).toBe(true));

  test.each([
    '[submodule "x"]\n\turl = --upload-pack=touch\n',
    '[submodule "x"]\n\turl = "--upload-pack=touch"\n',
    '[submodule "x"]\n\tpath = -c\n',
    '[submodule "../../hooks"]\n\tpath = x\n',
    '[submodule "a/../b"]\n',
    '[submodule "x"]\n\tupdate = !touch /tmp/x\n',
    '[submodule "x"]\n\turl = ext::sh -c touch\n',
    '[submodule "x"]\n\turl = http://example.org/%0ahost=evil\n',
    '[submodule "x"]\n\tpath = a\\\n\tb\n',
    '[include]\n\tpath = x\n',
    '[submodule "x"] url = x\n',
  ])('that git refuses, or that is unusual, is not: %j', (text) => expect(isPlainModules(text)).toBe(false));
});
