/** From which addresses a worker may fetch LFS content, and when another worker may do so instead. */
import { expect, test } from 'vitest';
import { ensureContent } from '../../src/git/lfs/content.ts';
import type { Store } from '../../src/git/store.ts';
import { newRepository, temporaryFolder } from './git-host.ts';
import { fetched, picture, sound, storeWith } from './lfs-fetch.ts';
import { lfsServer, PICTURE, PICTURE_OID, SOUND, SOUND_OID } from './lfs-server.ts';

test('the paths of the roots count for every address that a repository names, not its host alone', async () => {
  const below = async (path: string): Promise<{ answer: Awaited<ReturnType<typeof fetched>>; asked: string[] }> => {
    const server = await lfsServer({
      href: (oid, own) => (oid === SOUND_OID ? `${own}/team/sound` : `${own}${path}`),
      more: ({ method, url }) => (method === 'GET' ? { body: url === '/team/sound' ? SOUND : PICTURE } : undefined),
    });
    const store = await storeWith([`${server.url}/team`]);
    const answer = await fetched(store, server.repository, { files: [sound, picture] });
    return { answer, asked: server.asked.map(({ url }) => url) };
  };
  expect((await below('/team/art?signature=s3cret')).answer).toEqual({
    problem: '',
    kept: { [PICTURE_OID]: PICTURE, [SOUND_OID]: SOUND },
  });
  for (const path of [
    '/admin/keys?signature=s3cret',
    '/teams/x',
    '/team/../admin/keys',
    '/team/%2e%2e/admin/keys',
    '/team/..%2fadmin/keys',
    '/team/..%252fadmin/keys',
    '/team/..;/admin/keys',
  ]) {
    const { answer, asked } = await below(path);
    expect(answer.problem, path).toMatch(/art\/one\.psd.*lies outside|art\/one\.psd.*without encryption/);
    expect(answer.problem).not.toContain('s3cret');
    expect(answer.kept).not.toHaveProperty(PICTURE_OID);
    expect(asked.filter((url) => url !== '/team/sound')).toEqual(['/team/assets.git/info/lfs/objects/batch']);
  }
});

test('a failure of this host (its folder, roots or credential) has another kind than one of all hosts', async () => {
  const kindOf = async (store: Store, repository: string): Promise<unknown> => {
    const source = { store, repository, hasConfig: false, signal: new AbortController().signal };
    return await ensureContent(source, temporaryFolder(), [picture]).catch(({ kind }: { kind: string }) => kind);
  };
  const root = temporaryFolder();
  expect(await kindOf(await storeWith([root]), newRepository({ file: 'x' }, root))).toBe('no-content-here');
  const barred = await lfsServer({ more: () => ({ status: 403 }) });
  expect(await kindOf(await storeWith([`${barred.url}/`]), barred.repository)).toBe('no-content-here');
  const sent = await lfsServer({ href: () => 'http://git.example.com/x' });
  expect(await kindOf(await storeWith([`${sent.url}/`]), sent.repository)).toBe('no-content-here');
  const empty = await lfsServer({ contents: {} });
  expect(await kindOf(await storeWith([`${empty.url}/`]), empty.repository)).toBe('no-content');
});

test('a host whose address only a proxy may know is asked through that proxy, or not at all', async () => {
  const { access, ...store } = await storeWith([]);
  if (!access) throw new Error('it has no access');
  const unknown = { ...access, findAddresses: () => Promise.resolve({ kind: 'public' as const, addresses: null }) };
  const environment = { ALL_PROXY: 'socks5://127.0.0.1:9' };
  const { problem, kept } = await fetched({ ...store, access: unknown, environment }, 'https://nowhere.example/x.git');
  expect(problem).toContain('nowhere.example has no address that this worker can find');
  expect(problem).toContain('set HTTPS_PROXY');
  expect(kept).toEqual({});
});
