/** Addresses: a closed set, each read in one way, and which of them a worker's roots allow. */
import { describe, expect, test } from 'vitest';
import { findSecretOf, ruleOnUrl, readAddress, readAllowedRoot, splitRoots } from '../../src/core/address.ts';
import type { Root } from '../../src/core/address.ts';

/** An address in short: what kind it is, and where. */
function short(text: string): string {
  const read = readAddress(text);
  if (read.kind === 'bad') return `refused: it ${read.problem}`;
  const { address } = read;
  if (address.kind === 'path') return `path ${address.path}`;
  const { scheme, user, host, port, path } = address;
  return `${scheme} ${user === null ? '' : `${user} at `}${host} ${port} ${path}`;
}

describe('an address', () => {
  test.each([
    ['https://git.example.org/team/x.git', 'https git.example.org 443 /team/x.git'],
    ['HTTPS://Git.Example.Org./x', 'https git.example.org 443 /x'],
    ['ssh://git@h.example:2222/x', 'ssh git at h.example 2222 /x'],
    ['git@h.example:team/x.git', 'ssh git at h.example 22 /team/x.git'],
    ['http://h.example/x', 'http h.example 80 /x'],
    ['git://[::1]:9/x', 'git ::1 9 /x'],
    ['/srv/x', 'path /srv/x'],
    ['./a:b', 'path ./a:b'],
    ['x', 'path x'],
    ['file:///srv/a%20b', 'path /srv/a b'],
    ['FILE://localhost/srv/x', 'path /srv/x'],
    ['file:///%2e%2e/x', 'path /../x'],
  ])('%s is %s', (text, shown) => expect(short(text)).toBe(shown));

  test.each([
    ['ext::sh -c id', 'no address of a known form'],
    ['git::ext::sh -c id', 'no address of a known form'],
    ['ext://x/y', 'has the scheme "ext"'],
    ['ftp://h/x', 'has the scheme "ftp"'],
    ['bundle://x', 'has the scheme "bundle"'],
    ['git+ssh://git@h/x', 'has the scheme "git+ssh"'],
    ['file://github.com/o/n', 'is a file URL without a path'],
    ['file:x', 'no address of a known form'],
    ['host:path', 'no address of a known form'],
    ['--upload-pack=x', 'is neither a path nor a URL'],
    ['git@-oProxyCommand=x:y', 'has no host'],
    ['ssh://-oProxyCommand=x/y', 'has no host'],
    ['https://2130706433/x', 'has no host'],
    ['https://0x7f.1/x', 'has no host'],
    ['https://h/a/../b', 'in its path'],
    ['https://h/a/%2e%2e/b', 'in its path'],
    ['https://h/a%2fb', 'in its path'],
    ['https://h/x?access_token=abc', 'has a query or a fragment'],
    ['git@h:x?token=abc', 'has a query or a fragment'],
    ['https://h/x#y', 'has a query or a fragment'],
    ['https://h/x\ny', 'control character'],
    ['', 'is empty'],
  ])('%j is refused', (text, words) => expect(short(text)).toContain(words));
});

describe('what would be kept in a history', () => {
  test.each(['https://h/x', 'git@h:x', 'ssh://git@h/x', 'https://git@h/x', '/srv/a@b', 'file:///x', 'x'])(
    'is nothing in %s',
    (text) => expect(findSecretOf(text)).toBeUndefined(),
  );
  test.each([
    ['https://me:secret@h/x', 'has a password'],
    ['https://user%3Apass@h/x', 'has a password'],
    ['https://ghp_abcdef@github.com/a/b', 'may be a token'],
    ['ghp_abcdef@github.com:a/b', 'may be a token'],
    ['https://@h/x', 'may be a token'],
    ['https://h/x?access_token=abc', 'has a query'],
    ['ftp://tok@h/x', 'use https, ssh, http, git or a path'],
  ])('is refused in %s', (text, words) => expect(findSecretOf(text)).toContain(words));
});

describe('roots', () => {
  const read = (text: string): Root[] => splitRoots(text, ':').map((part) => readAllowedRoot(part) as Root);
  const judged = (text: string, roots: string): string => {
    const address = readAddress(text);
    if (address.kind === 'bad' || address.address.kind === 'path') return 'no URL';
    const verdict = ruleOnUrl(address.address, roots === '' ? [] : read(roots));
    return verdict.kind === 'refused' ? verdict.reason : verdict.kind;
  };

  test('are folders and beginnings of URLs in one list', () => {
    expect(splitRoots('/a:https://h:8443/t/:/b:ssh://g/:https://:http://127.0.0.1:80:git://[::1]:9/:c', ':')).toEqual([
      '/a',
      'https://h:8443/t/',
      '/b',
      'ssh://g/',
      'https://',
      'http://127.0.0.1:80',
      'git://[::1]:9/',
      'c',
    ]);
    expect(['ftp://h/', 'http://', 'https://h/?x', 'https://u:p@h/'].map(readAllowedRoot)).toEqual(
      Array(4).fill(undefined),
    );
  });

  test.each([
    ['https://github.com/o/n', '', 'public'],
    ['git@github.com:o/n', '/srv', 'public'],
    ['https://github.com/o/n', 'https://:/srv', 'public'],
    ['https://git.corp/team/x', 'https://git.corp/team/', 'listed'],
    ['https://git.corp/team', 'https://git.corp/team/', 'listed'],
    ['git@git.corp:team/x', 'ssh://git@git.corp/team', 'listed'],
    ['http://a.corp:8080/x', 'http://*.corp:8080', 'listed'],
  ])('let %s by where they are %j: %s', (text, roots, verdict) => expect(judged(text, roots)).toBe(verdict));

  test.each([
    ['http://github.com/o/n', '', 'add http://github.com/ to COXSWAIN_ROOTS'],
    ['git://h:1/x', '/srv', 'add git://h:1/ to COXSWAIN_ROOTS'],
    ['https://git.corp/team-b/x', 'https://git.corp/team', 'add https://git.corp/ to COXSWAIN_ROOTS'],
    ['https://git.corp:444/team/x', 'https://git.corp/team', 'add https://git.corp:444/'],
    ['https://github.com/o/n', 'https://git.corp/', 'lies outside'],
    ['ssh://h/x', 'https://', 'lies outside'],
    ['https://evilcorp/x', 'https://*.corp/', 'lies outside'],
  ])('refuse %s where they are %j, naming the line', (text, roots, words) =>
    expect(judged(text, roots)).toContain(words),
  );
});
