/** Which `.gitmodules` and `.gitattributes` are accepted, and that git itself refuses none of these. */
import { expect, test } from 'vitest';
import { isPlainAttributes, isPlainModules } from '../../src/git/plain-settings.ts';
import { findFaults, git, newStore } from './git-host.ts';

const PLAIN = [
  '',
  '# nothing\n',
  '[submodule "lib/a"]\n\tpath = lib/a\n\turl = https://example.org/a.git\n\tbranch = main\n',
  '[submodule "x"]\r\n  path = x\r\n  url = ../x.git\r\n  update = rebase\r\n',
  '[submodule "x"]\n\tpath = x\n\turl = git@example.org:team/x.git\n',
  '[submodule "x"]\n\turl = ssh://git@example.org:2222/~team/x-y.git/\n',
  '[submodule "x"]\n\turl = /srv/git/x.git\n',
];
const REFUSED = [
  '[submodule "x"]\n\turl = --upload-pack=touch\n',
  '[submodule "x"]\n\turl = "--upload-pack=touch"\n',
  '[submodule "x"]\n\tpath = -c\n',
  '[submodule "x"]\n\tpath = ../../.git/hooks\n',
  '[submodule "-x"]\n',
  '[submodule "../../hooks"]\n\tpath = x\n',
  '[submodule "a/../b"]\n',
  '[submodule "x"]\n\tupdate = !touch /tmp/x\n',
  '[submodule "x"]\n\turl = ext::sh -c touch\n',
  '[submodule "x"]\n\turl = ext::touch\n',
  '[submodule "x"]\n\turl = ssh://-oProxyCommand/x\n',
  '[submodule "x"]\n\turl = http://example.org/%0ahost=evil\n',
  '[submodule "x"]\n\turl = https:///x\n',
  '[submodule "x"]\n\turl = ..//x\n',
  '[submodule "x"]\n\tpath = a\\\n\tb\n',
  '[include]\n\tpath = x\n',
  '[submodule "x"] url = x\n',
];

test.each(PLAIN)('a .gitmodules with plain values is accepted: %j', (text) => {
  expect(isPlainModules(Buffer.from(text))).toBe(true);
});

test.each(REFUSED)('a .gitmodules that git refuses, or that is unusual, is not: %j', (text) => {
  expect(isPlainModules(Buffer.from(text))).toBe(false);
});

test('no address of a submodule that git refuses is accepted', async () => {
  const parts = ['..', '.', '/', ':', '//', '::', 'https:', 'ftp', '-o', '@', 'a', ':1'];
  const twice = parts.flatMap((one) => parts.map((other) => one + other));
  const urls = [...twice, ...twice.flatMap((one) => twice.map((other) => one + other))];
  const kept = urls
    .map((url) => `[submodule "x"]\n\turl = ${url}\n`)
    .filter((text) => isPlainModules(Buffer.from(text)));
  expect(kept.length).toBeGreaterThan(100);
  expect(await faultsOf(kept)).toEqual([]);
  expect(await faultsOf(['[submodule "x"]\n\turl = ..//x\n'])).toHaveLength(1);
});

test('attributes are accepted if git reads all of their lines', () => {
  expect(isPlainAttributes(Buffer.from(`* text=auto\n${'a'.repeat(2047)}\n`))).toBe(true);
  expect(isPlainAttributes(Buffer.from(`* text=auto\n${'a'.repeat(2048)}\n`))).toBe(false);
});

/** The faults that `git fsck` finds in these contents of a `.gitmodules`. */
async function faultsOf(texts: readonly string[]): Promise<string[]> {
  const { dir } = await newStore();
  const blobs = texts.map((text, at) => `blob\nmark :${at + 1}\ndata ${text.length}\n${text}\n`);
  const files = texts.map((_, at) => `M 100644 :${at + 1} ${at}/.gitmodules\n`);
  const commit = ['commit refs/heads/x\ncommitter a <a@b> 0 +0000\ndata 0\n', ...files];
  git(dir, ['fast-import', '--quiet'], `${[...blobs, ...commit].join('')}\n`);
  return findFaults(dir).filter((line) => line.includes('gitmodules'));
}
