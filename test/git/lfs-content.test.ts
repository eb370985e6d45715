/** The content of LFS files comes from the repository's own folder or LFS server, and from nowhere else. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contentPath, sweepContent } from '../../src/git/lfs/content.ts';
import { listLfs } from '../../src/git/lfs/files.ts';
import type { Store } from '../../src/git/store.ts';
import { addCommit, newRepository, newStore, temporaryFolder } from './git-host.ts';
import { fetched, picture, sound, storeWith } from './lfs-fetch.ts';
import {
  answering,
  CERTIFICATE,
  lfsServer,
  PICTURE,
  PICTURE_OID,
  PICTURE_POINTER,
  pointerTo,
  SOUND,
  SOUND_OID,
  SOUND_POINTER,
} from './lfs-server.ts';

describe('a repository by path', () => {
  const objectOf = (repository: string, oid: string): string =>
    join(repository, '.git/lfs/objects', oid.slice(0, 2), oid.slice(2, 4), oid);
  function place(write: (at: string, root: string) => void): { root: string; repository: string } {
    const root = temporaryFolder();
    const repository = newRepository({ file: 'x' }, root);
    const at = objectOf(repository, PICTURE_OID);
    mkdirSync(dirname(at), { recursive: true });
    write(at, root);
    return { root, repository };
  }

  test('gives the content that `git lfs` stores in it, also to its worktrees', async () => {
    const { root, repository } = place((at) => writeFileSync(at, PICTURE));
    const expected = { problem: '', kept: { [PICTURE_OID]: PICTURE } };
    expect(await fetched(await storeWith([root]), repository)).toEqual(expected);
    const worktree = join(root, 'worktree');
    execFileSync('git', ['worktree', 'add', '--quiet', '--detach', worktree], { cwd: repository });
    expect(await fetched(await storeWith([root]), worktree)).toEqual(expected);
  });

  test('that lacks content fails, and the message says how to get it', async () => {
    const { root, repository } = place(() => undefined);
    const { problem, kept } = await fetched(await storeWith([root]), repository);
    expect(problem).toContain("git LFS: the content of art/one.psd can't be fetched: it is not in");
    expect(problem).toContain('run `git lfs fetch` there, or have policy say `lfs: pointers`');
    expect(kept).toEqual({});
  });

  test.each<[string, (at: string, root: string) => void, string]>([
    [
      'other bytes of that size',
      (at) => writeFileSync(at, 'the PICTURE itself\n'),
      'has other content than its pointer names: 19 bytes with',
    ],
    [
      'too few bytes',
      (at) => writeFileSync(at, 'the picture'),
      'has other content than its pointer names: 19 bytes with',
    ],
    [
      'too many bytes',
      (at) => writeFileSync(at, `${PICTURE}and more`),
      'has other content than its pointer names: 19 bytes with',
    ],
    ['a pipe', (at) => execFileSync('mkfifo', [at]), 'a named pipe, not a file'],
    ['a device', (at) => symlinkSync('/dev/zero', at), 'also reads /dev/zero, which is outside'],
  ])('with %s there is refused', async (_name, write, words) => {
    const { root, repository } = place(write);
    const { problem, kept } = await fetched(await storeWith([root]), repository);
    expect(problem).toContain(words);
    expect(problem).toContain('art/one.psd');
    expect(kept).toEqual({});
  });

  test('gives nothing that a link leads to outside of the roots', async () => {
    const outside = join(temporaryFolder(), 'secret');
    writeFileSync(outside, PICTURE);
    const { root, repository } = place((at) => symlinkSync(outside, at));
    const { problem, kept } = await fetched(await storeWith([root]), repository);
    expect(problem).toContain('COXSWAIN_ROOTS');
    expect(kept).toEqual({});
  });
});

describe('a repository by URL', () => {
  test('is asked by the batch API at its own address, once for all files, and never again for cached ones', async () => {
    const server = await lfsServer();
    const store = await storeWith([`${server.url}/`]);
    const folder = temporaryFolder();
    const files = [picture, sound, { ...picture, path: 'art/again.psd' }];
    const all = { problem: '', kept: { [PICTURE_OID]: PICTURE, [SOUND_OID]: SOUND } };
    expect(await fetched(store, `${server.url}/team/assets/`, { files, folder })).toEqual(all);
    const [batch, ...downloads] = server.asked;
    expect(batch).toMatchObject({
      method: 'POST',
      url: '/team/assets.git/info/lfs/objects/batch',
      headers: { accept: 'application/vnd.git-lfs+json', 'content-type': 'application/vnd.git-lfs+json' },
    });
    expect(JSON.parse(batch?.body ?? '')).toEqual({
      operation: 'download',
      transfers: ['basic'],
      hash_algo: 'sha256',
      objects: [
        { oid: PICTURE_OID, size: 19 },
        { oid: SOUND_OID, size: 10 },
      ],
    });
    expect(downloads.map(({ url, headers }) => `${url} ${headers['x-token'] as string}`).toSorted()).toEqual([
      `/objects/${SOUND_OID}?signature=s3cret of-the-object`,
      `/objects/${PICTURE_OID}?signature=s3cret of-the-object`,
    ]);
    expect(await fetched(store, server.repository, { files, folder })).toEqual(all);
    expect(server.asked.length).toBe(3);
  });

  test('that gives other content is refused with the reason, and nothing of it is stored', async () => {
    const server = await lfsServer({ contents: { [PICTURE_OID]: 'a forged picture!!\n' } });
    const { problem, kept } = await fetched(await storeWith([`${server.url}/`]), server.repository);
    expect(problem).toContain(
      `${server.url} has other content than its pointer names: 19 bytes with SHA-256 ${PICTURE_OID}. What to do`,
    );
    const secret = await lfsServer({ contents: { [PICTURE_OID]: 'a key\n' } });
    // The message has neither the length nor the SHA-256 (by `sha256sum`) of the secret.
    const { problem: told } = await fetched(await storeWith([`${secret.url}/`]), secret.repository);
    expect(told).toContain('has other content than its pointer names: 19 bytes');
    expect(told).not.toMatch(/ 6 bytes|c705461e91e939ff/);
    expect(problem).not.toContain('s3cret');
    expect(kept).toEqual({});
    const endless = await lfsServer({ contents: { [PICTURE_OID]: PICTURE.repeat(100_000) } });
    const said = await fetched(await storeWith([`${endless.url}/`]), endless.repository);
    expect(said).toEqual({ problem: expect.stringContaining('has other content than its pointer names'), kept: {} });
  });

  test('that has no such content says so, and that its .lfsconfig is not followed', async () => {
    const server = await lfsServer({ contents: {} });
    const { problem } = await fetched(await storeWith([`${server.url}/`]), server.repository, { hasConfig: true });
    expect(problem).toContain(`${server.url} responds 404 Object does not exist`);
    expect(problem).toContain('an .lfsconfig is not followed');
    expect(problem).toContain('push it there (`git lfs push --all`), or have policy say `lfs: pointers`');
    expect(server.asked.length).toBe(1);
  });

  test('that is no LFS server, or redirects, fails with that reason', async () => {
    const elsewhere = await answering(() => ({ body: PICTURE }));
    for (const [answer, words] of [
      [{ status: 404 }, 'responds 404'],
      [{ body: '<html>' }, 'sent no response of the batch API'],
      [{ status: 307, headers: { Location: `${elsewhere.url}/batch` } }, 'redirects are not followed'],
    ] as const) {
      const server = await lfsServer({ more: () => answer });
      expect((await fetched(await storeWith([`${server.url}/`]), server.repository)).problem).toContain(words);
    }
    const server = await lfsServer({
      more: ({ method }) => (method === 'GET' ? { status: 302, headers: { Location: elsewhere.url } } : undefined),
    });
    const { problem, kept } = await fetched(await storeWith([`${server.url}/`]), server.repository);
    expect({ problem, kept }).toEqual({ problem: expect.stringContaining('redirects are not followed'), kept: {} });
    expect(elsewhere.asked).toEqual([]);
  });

  test('leads to loopback or a private network only if a root lists the host', async () => {
    const other = await answering(() => ({ body: PICTURE }));
    const server = await lfsServer({ href: (oid) => `${other.url}/bucket/${oid}?signature=s3cret` });
    const refused = await fetched(await storeWith([`${server.url}/`]), server.repository);
    expect(refused).toEqual({ problem: expect.stringContaining(`add ${other.url}/ to COXSWAIN_ROOTS`), kept: {} });
    expect(refused.problem).toContain('art/one.psd');
    expect(other.asked).toEqual([]);
    for (const href of [
      'https://127.0.0.1:1/x',
      'https://10.1.2.3/x',
      'https://localhost/x',
      'https://169.254.169.254/x',
    ]) {
      const sly = await lfsServer({ href: () => href });
      const store = await storeWith([`${sly.url}/`, 'https://']);
      expect((await fetched(store, sly.repository)).problem).toMatch(/not a public one|this worker's own host/);
    }
    const listed = await storeWith([`${server.url}/`, `${other.url}/`]);
    expect(await fetched(listed, server.repository)).toEqual({ problem: '', kept: { [PICTURE_OID]: PICTURE } });
  });

  test('gets the credential that git has for it, and no other host does', async () => {
    const folder = temporaryFolder();
    const askpass = join(folder, 'askpass');
    writeFileSync(askpass, '#!/bin/sh\ncase "$1" in User*) echo ada;; *) echo lovelace;; esac\n', { mode: 0o755 });
    const wanted = `Basic ${Buffer.from('ada:lovelace').toString('base64')}`;
    const other = await answering(() => ({ body: SOUND }));
    const server = await lfsServer({
      href: (oid, own) => (oid === SOUND_OID ? `${other.url}/${oid}` : `${own}/objects/${oid}`),
      more: ({ headers }) => (headers.authorization === wanted ? undefined : { status: 401 }),
    });
    const roots = [`${server.url}/`, `${other.url}/`];
    const files = [picture, sound];
    const store = await storeWith(roots, { GIT_ASKPASS: askpass });
    expect((await fetched(store, server.repository, { files })).problem).toBe('');
    expect(other.asked.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    const { problem } = await fetched(await storeWith(roots), server.repository, { files });
    expect(problem).toContain('responds 401');
    expect(problem).toContain("give the worker's user a credential that may read it");
  });

  test('is contacted by TLS at the checked addresses, and through the proxy of the worker', async () => {
    const server = await lfsServer({ secure: true, host: 'git.example.test' });
    const whole = { problem: '', kept: { [PICTURE_OID]: PICTURE } };
    const judged = (addresses: string[], environment: Record<string, string>): Store => {
      const findAddresses = async (): Promise<{ kind: 'public'; addresses: string[] }> =>
        await Promise.resolve({ kind: 'public', addresses });
      return { ...store, environment, access: { roots: [], isHub: () => false, findAddresses } };
    };
    const store = await newStore();
    const trusting = { GIT_SSL_CAINFO: CERTIFICATE };
    expect(await fetched(judged(['127.0.0.1'], trusting), server.repository)).toEqual(whole);
    const stranger = await fetched(judged(['127.0.0.1'], {}), server.repository);
    expect(stranger).toEqual({ problem: expect.stringContaining('self-signed certificate'), kept: {} });
    expect(server.asked.length).toBe(2);
    // For plain HTTP, a proxy gets the whole address.
    const proxy = await answering(({ url }) => ({ status: 502, body: url }));
    const plain = 'http://git.example.test/team/assets.git';
    const proxied = await storeWith(['http://git.example.test/'], { http_proxy: proxy.url });
    expect((await fetched(proxied, plain)).problem).toContain('responds 502 (it is tried again for two minutes)');
    expect(proxy.asked.map(({ url }) => url)).toEqual([`${plain}/info/lfs/objects/batch`]);
  });

  test('by ssh fails, and the message says that content comes by https only', async () => {
    const { problem } = await fetched(await newStore(), 'git@git.example.com:team/assets.git');
    expect(problem).toContain('it can be fetched only by https, not from');
    expect(problem).toContain('name the repository by its https address, or have policy say `lfs: pointers`');
  });
});

test('plain pointers of a commit get content, up to a limit for one file and for all', async () => {
  const store = await newStore();
  const extended = PICTURE_POINTER.replace('oid', `ext-0-case sha256:${SOUND_OID}\noid`);
  const commit = addCommit(store, {
    '.gitattributes': '*.bin filter=lfs -text\n',
    '.lfsconfig': '[lfs]\n\turl = https://lfs.example.com/\n',
    'a.bin': PICTURE_POINTER,
    'b.bin': pointerTo(SOUND_OID, 1000),
    'c.bin': { program: SOUND_POINTER },
    'd.bin': 'raw',
    'e.bin': extended,
    'f.bin': PICTURE_POINTER,
    'g.txt': PICTURE_POINTER,
    'l.bin': { link: 'a.bin' },
  });
  const { paths, given, left, hasConfig } = await listLfs(store, commit, { maxBytes: 999, maxAllBytes: 40 });
  expect(paths).toEqual(['a.bin', 'b.bin', 'c.bin', 'd.bin', 'e.bin', 'f.bin']);
  expect(given).toEqual([
    { path: 'a.bin', oid: PICTURE_OID, size: 19, pointer: Buffer.from(PICTURE_POINTER) },
    { path: 'c.bin', oid: SOUND_OID, size: 10, pointer: Buffer.from(SOUND_POINTER) },
  ]);
  expect(left).toEqual([
    { path: 'b.bin', why: 'its 1000 bytes are more than the 999 that one file may have' },
    { path: 'e.bin', why: 'its pointer uses LFS extensions, whose programs are not run' },
    { path: 'f.bin', why: 'with its 19 bytes all content would have more than 40' },
  ]);
  expect(hasConfig).toBe(true);
});

test('content that was not used for long is swept', async () => {
  const folder = temporaryFolder();
  const old = contentPath(join(folder, 'one'), PICTURE_OID);
  const fresh = contentPath(join(folder, 'two'), SOUND_OID);
  for (const at of [old, fresh]) {
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, 'x');
  }
  utimesSync(old, new Date(0), new Date(0));
  expect(await sweepContent(folder, { olderThanMs: 60_000 })).toBe(1);
  expect([existsSync(old), existsSync(fresh)]).toEqual([false, true]);
  expect(await sweepContent(join(folder, 'nothing'), { olderThanMs: 0 })).toBe(0);
});
