/**
 * A host with one repository of a given size: its store, its workspaces, and a plain checkout for comparison.
 * Rule: repositories of all sizes have the same number of files in each folder, so that only the size differs.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha } from '../../src/core/transcript.ts';
import { importBase } from '../../src/git/remote/import-base.ts';
import { openStore } from '../../src/git/store.ts';
import type { Store } from '../../src/git/store.ts';
import type { Isolation } from '../../src/sandbox/isolation/isolation.ts';
import { openWorkspaces } from '../../src/sandbox/workspace/workspaces.ts';
import type { Workspaces } from '../../src/sandbox/workspace/workspaces.ts';

const FILES_PER_FOLDER = 100;
const FOLDERS_PER_FOLDER = 20;
/** The name of the file that every measured change is made in. */
const CHANGED_FILE = 'file-0.txt';

/** One repository with its store and workspaces. */
export interface MeasuredRepository {
  files: number;
  /** The folder of the original repository, which is also its name in inputs of activities. */
  origin: string;
  store: Store;
  base: Sha;
  workspaces: Workspaces;
  /** Path of the changed file in the repository. */
  changed: string;
}

/** Makes a repository with `files` files, and a host that has its base. */
export async function makeRepository(
  parent: string,
  { files, isolation }: { files: number; isolation: Isolation },
): Promise<MeasuredRepository> {
  const place = join(parent, String(files));
  const [origin, stateDir] = [join(place, 'origin.git'), join(place, 'state')];
  mkdirSync(stateDir, { recursive: true });
  git(place, ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', origin]);
  git(origin, ['fast-import', '--quiet'], script(files));
  const store = await openStore({ dir: join(place, 'store.git') });
  const { commit } = await importBase(store, { repository: origin });
  const workspaces = openWorkspaces({ stateDir, isolation });
  return { files, origin, store, base: commit, workspaces, changed: pathOf(files - FILES_PER_FOLDER) };
}

/** A checkout as plain git makes it, with git's own index, and two commits that differ in the changed file. */
export function makePlainCheckout(parent: string, { origin, changed }: MeasuredRepository): string {
  const checkout = join(parent, 'plain');
  git(parent, ['clone', '--quiet', origin, checkout]);
  git(checkout, ['tag', 'first']);
  execFileSync('sh', ['-c', 'echo second > "$1"', 'sh', changed], { cwd: checkout });
  git(checkout, ['commit', '--quiet', '--all', '--message=second']);
  git(checkout, ['tag', 'second']);
  return checkout;
}

/** Runs git with a fixed identity and without the machine's configuration. */
export function git(cwd: string, args: readonly string[], input = ''): string {
  return execFileSync('git', args, { cwd, env: GIT_ENVIRONMENT, input, maxBuffer: 1 << 28 }).toString();
}

/** The environment of plain git. */
export const GIT_ENVIRONMENT = {
  PATH: '/usr/local/bin:/usr/bin:/bin',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

function pathOf(index: number): string {
  const folder = Math.floor(index / FILES_PER_FOLDER);
  const [outer, inner] = [Math.floor(folder / FOLDERS_PER_FOLDER), folder % FOLDERS_PER_FOLDER];
  const name = index % FILES_PER_FOLDER === 0 ? CHANGED_FILE : `file-${index % FILES_PER_FOLDER}.txt`;
  return `folder-${outer}/folder-${inner}/${name}`;
}

function script(files: number): string {
  const parts = ['commit refs/heads/main\ncommitter Ada <ada@example.org> 1767225600 +0000\ndata 4\nbase\n'];
  for (let index = 0; index < files; index += 1) {
    const text = `file ${index} of a measured repository\n`.repeat(8);
    parts.push(`M 100644 inline ${pathOf(index)}\ndata ${text.length}\n${text}\n`);
  }
  return parts.join('');
}
