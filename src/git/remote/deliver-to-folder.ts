/**
 * Delivers a commit as a new branch into a repository that is named by its path.
 * Rule: no hook or program of that repository runs as the worker. Git fetches the objects with our own configuration
 * and moves the ref without hooks. The result names the hooks, since a push would have run them.
 */
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Sha } from '../../core/transcript.ts';
import type { GitFolder } from '../git-folder.ts';
import { followRef } from '../git-folder.ts';
import { GitFailure } from '../git-failure.ts';
import type { Reached } from '../reach.ts';
import { refuseReadsOutside } from '../reach.ts';
import { readPlainFile } from '../read-plain-file.ts';
import { streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

type Folder = Extract<Reached, { kind: 'folder' }>;

/** Hooks that a push runs in the receiving repository. */
const HOOKS = 'pre-receive update proc-receive reference-transaction post-receive post-update push-to-checkout'.split(
  ' ',
);
/** The `shallow` file has a line for each commit whose parents were not fetched. */
const MAX_SHALLOW_BYTES = 16 * 1024 * 1024;
const MAX_HEAD_BYTES = 64 * 1024;
/** Git must not fetch missing objects from the remote that a partial clone names. */
const ALONE = { GIT_ALLOW_PROTOCOL: '', GIT_NO_LAZY_FETCH: '1' };

/** Makes the branch if none of that name exists. `refs`: the repository's refs. Returns the names of its hooks. */
export async function deliverToFolder(
  store: Store,
  reached: Folder,
  { ref, commit, refs }: { ref: string; commit: Sha; refs: ReadonlyMap<string, Sha> },
): Promise<string[]> {
  const { folder } = reached;
  const inTheWay = await followRef(folder, ref);
  await refuseReadsOutside(store.access, reached.path, inTheWay);
  const settings = await readSettings(folder);
  await refuseCheckedOut(folder, settings, ref);
  await bringObjects(store, folder, { commit, refs, settings });
  const none = '0'.repeat(commit.length);
  await streamGit(folder.gitDir, ['update-ref', '--no-deref', '-m', 'delivered by Coxswain', ref, commit, none], {
    env: ALONE,
  });
  return await listHooks(folder, settings);
}

/** Fetches into the repository's objects, from within a scratch repository with its refs and our configuration. */
async function bringObjects(
  store: Store,
  { commonDir }: GitFolder,
  { commit, refs, settings }: { commit: Sha; refs: ReadonlyMap<string, Sha>; settings: Settings },
): Promise<void> {
  // With this name, `sweepStore` removes a folder that a killed worker left.
  const scratch = await mkdtemp(`${store.dir}.new-`);
  try {
    await mkdir(join(scratch, 'refs'));
    // A broken ref is listed with zeros.
    const lines = [...refs].filter(([name, id]) => /^refs\/.*[^}]$/.test(name) && !/^0+$/.test(id));
    const files = {
      HEAD: 'ref: refs/heads/main\n',
      'packed-refs': lines.map(([name, id]) => `${id} ${name}\n`).join(''),
      config: `[core]\n\tbare = true\n${settings.shared === undefined ? '' : `\tsharedRepository = ${settings.shared}\n`}`,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(scratch, name), text);
    const shallow = await readPlainFile(join(commonDir, 'shallow'), MAX_SHALLOW_BYTES).catch(() => undefined);
    if (shallow) await writeFile(join(scratch, 'shallow'), shallow);
    const options = [
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-recurse-submodules',
      '--no-auto-maintenance',
    ];
    await streamGit(scratch, ['fetch', ...options, '--end-of-options', store.dir, commit], {
      env: { ...ALONE, GIT_ALLOW_PROTOCOL: 'file', GIT_OBJECT_DIRECTORY: join(commonDir, 'objects') },
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The settings of the repository's own configuration that are used. None of them can name a program. */
interface Settings {
  isBare: boolean;
  /** `core.sharedRepository`: who else may write the repository. */
  shared: string | undefined;
  hooksPath: string | undefined;
}

async function readSettings({ commonDir }: GitFolder): Promise<Settings> {
  const read = async (name: string): Promise<string | undefined> => {
    const args = ['config', '--file', join(commonDir, 'config'), '--no-includes', '--get', name];
    const { status, output } = await streamGit(commonDir, args, { expected: [1] });
    return status === 0 ? output.toString('utf8').trimEnd() : undefined;
  };
  const shared = await read('core.sharedRepository');
  return {
    isBare: /^(?:true|yes|on|1)$/i.test((await read('core.bare')) ?? ''),
    shared: shared !== undefined && /^\w+$/.test(shared) ? shared : undefined,
    hooksPath: await read('core.hooksPath'),
  };
}

/** Refuses a checked-out branch, as a push does: the working copy would no longer match it. */
async function refuseCheckedOut({ commonDir }: GitFolder, { isBare }: Settings, ref: string): Promise<void> {
  const linked = (await readdir(join(commonDir, 'worktrees')).catch(() => [])).map((name) => join('worktrees', name));
  for (const place of [...(isBare ? [] : ['.']), ...linked]) {
    const head = await readPlainFile(join(commonDir, place, 'HEAD'), MAX_HEAD_BYTES).catch(() => undefined);
    if (head?.toString('utf8').trim() !== `ref: ${ref}`) continue;
    const words = `refusing to make ${ref}: it is the branch that is checked out in ${join(commonDir, place)}`;
    throw new GitFailure('failed', words, { words });
  }
}

async function listHooks({ commonDir }: GitFolder, { hooksPath }: Settings): Promise<string[]> {
  const place = hooksPath === undefined ? join(commonDir, 'hooks') : resolve(commonDir, hooksPath);
  const found = await Promise.all(
    HOOKS.map(async (name) => {
      const isThere = await access(join(place, name), constants.X_OK).then(
        () => true,
        () => false,
      );
      return isThere ? [name] : [];
    }),
  );
  return found.flat();
}
