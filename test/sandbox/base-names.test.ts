/** The names in a workspace's repository: its branch, `origin`'s branch, and tags, which programs use as versions. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Base } from '../../src/git/remote/import-base.ts';
import { importBase } from '../../src/git/remote/import-base.ts';
import type { Store } from '../../src/git/store.ts';
import { openStore } from '../../src/git/store.ts';
import { commitFiles, git, newRepository, newStore } from '../git/git-host.ts';
import { realIsolation, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();

/** The output of a command in a new workspace at the base. */
async function said(store: Store, { commit, names }: Base, command: string, kind: object = isolation): Promise<string> {
  const workspaces = temporaryWorkspaces(kind as typeof isolation);
  const workspace = await workspaces.open({ id: 'agent', store, base: commit, names, commit });
  const limits = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;
  return (await workspace.run({ ...limits, command })).output;
}

/** A repository on `develop`, with annotated and plain tags, and a tag on another branch. */
function taggedRepository(): string {
  const repository = newRepository({ 'src/one.ts': '1\n' });
  git(repository, ['tag', '-a', 'v1.0.0', '-m', 'One\n\nwith a text']);
  commitFiles(repository, { 'src/one.ts': '2\n' }, 'second');
  git(repository, ['tag', 'plain-2']);
  git(repository, ['checkout', '--quiet', '-b', 'aside']);
  commitFiles(repository, { aside: 'x\n' }, 'aside');
  git(repository, ['tag', '-a', 'v9.0.0', '-m', 'Elsewhere']);
  git(repository, ['checkout', '--quiet', '-b', 'develop', 'main']);
  commitFiles(repository, { 'src/one.ts': '3\n' }, 'third');
  commitFiles(repository, { 'src/one.ts': '4\n' }, 'fourth');
  return repository;
}

test.each([isolation, { ...isolation, overlay: false }, { kind: 'none' } as const])(
  'a checkout has its branch, that of origin, and the tags of its history (isolation $kind, overlay $overlay)',
  async (kind) => {
    const repository = taggedRepository();
    const store = await newStore();
    const base = await importBase(store, { repository, base: 'develop', withNames: true });
    const short = base.commit.slice(0, 7);
    const command = [
      'git status --porcelain --branch',
      'git tag --list',
      'git describe --long --abbrev=7',
      'git describe --tags --abbrev=7 --dirty',
      'git tag -n2 --list v1.0.0',
      "git for-each-ref --format='%(refname) %(objectname)' refs/heads refs/remotes",
      'git rev-parse --abbrev-ref origin/HEAD',
      'git fsck --strict 2>&1',
    ].join('; ');
    expect(await said(store, base, command, kind)).toBe(
      [
        '## develop',
        'plain-2',
        'v1.0.0',
        `v1.0.0-3-g${short}`,
        `plain-2-2-g${short}`,
        'v1.0.0          One',
        '    ',
        `refs/heads/develop ${base.commit}`,
        `refs/remotes/origin/HEAD ${base.commit}`,
        `refs/remotes/origin/develop ${base.commit}`,
        'origin/develop',
        '',
      ].join('\n'),
    );
    const changed = 'echo 5 > src/one.ts; git diff --name-only origin/develop; git merge-base origin/develop HEAD';
    expect(await said(store, base, changed, kind)).toBe(`src/one.ts\n${base.commit}\n`);
  },
);

test('a tag far back comes with all commits since, merged branches too; one too far back is left out', async () => {
  const repository = newRepository({ file: '0\n' });
  let now = 0;
  const line = (length: number, name: string, from: string, merged?: string): string => {
    const commits = Array.from({ length }, (_, at) => {
      const parents = at === 0 ? `from ${from}\n${merged === undefined ? '' : `merge ${merged}\n`}` : '';
      return `commit refs/lines/${name}\ncommitter A <a@a> ${1_800_000_000 + (now += 60)} +0000\ndata 0\n${parents}\n`;
    });
    git(repository, ['fast-import', '--quiet'], commits.join(''));
    return git(repository, ['rev-parse', `refs/lines/${name}`]);
  };
  const first = git(repository, ['rev-parse', 'HEAD']);
  const tagged = line(3, 'old', first);
  git(repository, ['tag', 'v2', tagged]);
  // Forked before the tag, merged after it.
  const side = line(40, 'side', first);
  const head = line(61, 'new', line(40, 'main', tagged), side);
  git(repository, ['update-ref', 'refs/heads/main', head]);
  const store = await newStore();
  const base = await importBase(store, { repository, withNames: true });
  expect(await said(store, base, 'git describe --tags --abbrev=7; git fsck 2>&1')).toBe(
    `v2-141-g${head.slice(0, 7)}\n`,
  );
  const far = line(1200, 'far', head);
  git(repository, ['update-ref', 'refs/heads/main', far]);
  const later = await importBase(store, { repository, withNames: true });
  expect(await said(store, later, 'git tag; git log --format=%s | wc -l; git fsck 2>&1')).toBe('50\n');
});

test('a base by tag or commit has the default branch; the same names give the same commit', async () => {
  const repository = taggedRepository();
  git(repository, ['symbolic-ref', 'HEAD', 'refs/heads/main']);
  const store = await newStore();
  const first = await importBase(store, { repository, base: 'v1.0.0', withNames: true });
  expect(await said(store, first, 'git branch --show-current; git tag')).toBe('main\nv1.0.0\n');
  expect(await importBase(store, { repository, base: first.commit, withNames: true })).toMatchObject({
    names: first.names,
  });
  git(repository, ['tag', 'also', first.commit]);
  const second = await importBase(store, { repository, base: 'v1.0.0', withNames: true });
  expect(second).not.toMatchObject({ names: first.names });
  expect(await said(store, second, 'git tag')).toBe('also\nv1.0.0\n');
  // A run that began before the new tag does not see it.
  expect(await said(store, first, 'git tag')).toBe('v1.0.0\n');
});

test('another host of the hub sees the same, and names that could do harm are left out', async () => {
  const repository = taggedRepository();
  const folder = temporaryFolder();
  const hub = await openStore({ dir: join(folder, 'hub.git') });
  const remote = `file://${hub.dir}`;
  const one = await openStore({ dir: join(folder, 'one.git'), remote });
  const head = git(repository, ['rev-parse', 'develop']);
  writeFileSync(
    join(repository, '.git/packed-refs'),
    ['-x', 'a..b', 'x.lock', 'ok'].map((name) => `${head} refs/tags/${name}\n`).join(''),
  );
  const base = await importBase(one, { repository, base: 'develop', withNames: true });
  const two = await openStore({ dir: join(folder, 'two.git'), remote });
  expect(await said(two, base, 'git describe --abbrev=7; git tag')).toBe(
    `v1.0.0-3-g${head.slice(0, 7)}\nok\nplain-2\nv1.0.0\n`,
  );
});
