/** Content of LFS files in workspaces: commands see it, and no checkpoint has it unless a command wrote other bytes. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BaseContent } from '../../src/sandbox/files/lfs-layer.ts';
import { baseFolders, openBaseLayers } from '../../src/sandbox/layers/layers.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import { PICTURE, PICTURE_OID, PICTURE_POINTER, SOUND, SOUND_OID, SOUND_POINTER } from '../git/lfs-server.ts';
import { addCommit, git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;
const FILES = {
  '.gitattributes': '*.psd filter=lfs -text\n*.wav filter=lfs -text\n',
  'art/one.psd': PICTURE_POINTER,
  'art/two.wav': { program: SOUND_POINTER },
  'src/a.txt': 'a\n',
};

/** Content for these two files, and the number of fetches. */
function content(): { content: BaseContent; count: () => number } {
  const folder = temporaryFolder();
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  writeFileSync(one, PICTURE, { mode: 0o600 });
  writeFileSync(two, SOUND, { mode: 0o600 });
  let count = 0;
  const files = [
    { path: 'art/one.psd', oid: PICTURE_OID, size: 19, pointer: Buffer.from(PICTURE_POINTER), source: one },
    { path: 'art/two.wav', oid: SOUND_OID, size: 10, pointer: Buffer.from(SOUND_POINTER), source: two },
  ];
  const fetch: BaseContent['fetch'] = async () => {
    count += 1;
    return await Promise.resolve(files);
  };
  return { content: { key: 'lfs-test', fetch }, count: () => count };
}

async function output(workspace: Workspace, command: string): Promise<string> {
  return (await workspace.run({ ...limits, command })).output;
}

const SUMS = `${PICTURE_OID}  art/one.psd\n${SOUND_OID}  art/two.wav\n`;
const KINDS = [isolation, { ...isolation, overlay: false }, { kind: 'none' } as const];

describe.each(KINDS)('with isolation $kind, overlay $overlay', (kind) => {
  test('commands and checks see content, git sees no change, and a checkpoint keeps the pointers', async () => {
    const { store, base } = await storeWith(temporaryFolder(), FILES);
    const { content: own, count } = content();
    const workspaces = temporaryWorkspaces(kind);
    const origin = { store, base, content: own };
    const workspace = await workspaces.open({ ...origin, id: 'agent', commit: base });
    expect(await output(workspace, 'sha256sum art/*; test -x art/two.wav; echo $?; git status --porcelain')).toBe(
      `${SUMS}0\n`,
    );
    await output(workspace, 'echo b > src/a.txt');
    const first = await workspace.checkpoint({ parent: base, message: () => 'one' });
    expect(git(store.dir, ['diff', '--name-only', base, first.commit])).toBe('src/a.txt');
    // A new workspace is filled from the checkpoint, as on another host.
    const other = await workspaces.open({ ...origin, id: 'other', commit: first.commit });
    expect(await output(other, 'cat src/a.txt; sha256sum art/*')).toBe(`b\n${SUMS}`);
    const checks = ['sha256sum art/*', 'echo x > art/one.psd', 'sha256sum art/*'];
    const results = await workspaces.runChecks({ ...origin, commit: first.commit, checks, timeoutMs: 60_000 });
    expect(results.map((result) => result.output)).toEqual([SUMS, '', SUMS]);
    expect(results[1]?.putBack).toEqual(['art/one.psd']);
    expect(count()).toBe(1);
  });

  test('content that was only touched or written again is no change; other bytes, another mode and a loss are', async () => {
    const { store, base } = await storeWith(temporaryFolder(), FILES);
    const workspace = await temporaryWorkspaces(kind).open({ id: 'a', store, base, commit: base, ...content() });
    await output(workspace, 'cp art/one.psd x; rm art/one.psd; mv x art/one.psd; touch art/two.wav');
    const same = await workspace.checkpoint({ parent: base, message: () => 'same' });
    expect(same.tree).toBe(git(store.dir, ['rev-parse', `${base}^{tree}`]));
    await output(workspace, 'chmod +x art/one.psd; printf "another sound" > art/two.wav');
    const { commit } = await workspace.checkpoint({ parent: same.commit, message: () => 'other' });
    expect(git(store.dir, ['ls-tree', commit, 'art/one.psd']).slice(0, 6)).toBe('100755');
    expect(`${git(store.dir, ['show', `${commit}:art/one.psd`])}\n`).toBe(PICTURE_POINTER);
    expect(git(store.dir, ['show', `${commit}:art/two.wav`])).toBe('another sound');
    await output(workspace, 'rm art/one.psd; ln -s two.wav art/one.psd');
    const last = await workspace.checkpoint({ parent: commit, message: () => 'link' });
    expect(git(store.dir, ['show', `${last.commit}:art/one.psd`])).toBe('two.wav');
  });

  test('a base with content and one without share nothing, nor do their setups', async () => {
    const folder = temporaryFolder();
    const { store, base } = await storeWith(folder, { ...FILES, '.gitignore': 'made\n' });
    const workspaces = temporaryWorkspaces(kind);
    const setup = { command: 'cat art/one.psd > made', network: false } as const;
    const said = async (more: Partial<ReturnType<typeof content>>, commit = base): Promise<string> => {
      const workspace = await workspaces.open({ id: 'agent', store, base, setup, commit, ...more });
      return await output(workspace, 'cat made; cat art/one.psd');
    };
    const { content: own } = content();
    expect(await said({})).toBe(PICTURE_POINTER.repeat(2));
    expect(await said({ content: own })).toBe(PICTURE.repeat(2));
    expect(await said({})).toBe(PICTURE_POINTER.repeat(2));
    const ready = await workspaces.prepareSetup({ store, base, setup, content: own });
    expect(ready.kind).toBe('ready');
    const plain = await workspaces.open({ id: 'plain', store, base, commit: base });
    expect(await output(plain, 'cat art/one.psd')).toBe(PICTURE_POINTER);
    const rich = await workspaces.open({ id: 'plain', store, base, commit: base, content: own });
    expect(await output(rich, 'cat art/one.psd')).toBe(PICTURE);
    // A commit with another pointer has that pointer.
    const moved = addCommit(folder, store, { ...FILES, 'art/one.psd': SOUND_POINTER });
    const later = await workspaces.open({ id: 'later', store, base, commit: moved, content: own });
    expect(await output(later, 'cat art/one.psd; sha256sum art/two.wav')).toBe(
      `${SOUND_POINTER}${SOUND_OID}  art/two.wav\n`,
    );
  });
});

test('an agent that waits for content which another one fetches is not stopped with that agent', async () => {
  const { store, base } = await storeWith(temporaryFolder(), FILES);
  const bases = openBaseLayers(temporaryFolder());
  const stop = new AbortController();
  const begun = Promise.withResolvers<void>();
  const fetch: BaseContent['fetch'] = async () => {
    begun.resolve();
    await once(stop.signal, 'abort');
    throw stop.signal.reason;
  };
  const first = bases.base({ store, base, content: { key: 'lfs-test', fetch, signal: stop.signal } });
  await begun.promise;
  const { content: own, count } = content();
  const second = bases.base({ store, base, content: { ...own, signal: new AbortController().signal } });
  const outcomes = Promise.allSettled([first, second]);
  stop.abort(new Error('the first was stopped'));
  const [ended, made] = await outcomes;
  expect(ended).toMatchObject({ status: 'rejected', reason: stop.signal.reason });
  expect(made).toMatchObject({ status: 'fulfilled' });
  expect(readFileSync(join(baseFolders(await second).base, 'art/one.psd'), 'utf8')).toBe(PICTURE);
  expect(count()).toBe(1);
});
