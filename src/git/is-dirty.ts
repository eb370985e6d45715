/**
 * Tells whether a person's working copy has uncommitted changes.
 * Rule: git reads it with the store's configuration, so that no filter or hook of the repository runs, and nothing is
 * written to it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readAddress } from '../core/address.ts';
import { GitFailure } from './git-failure.ts';
import type { StreamOptions } from './run-git.ts';
import { streamGit } from './run-git.ts';
import type { Store } from './store.ts';

/** Timeout of each call: git would wait on a pipe in place of an ignore file, and the result is only for a note. */
const TIMEOUT_MS = 60_000;

/** Whether `git status` would show a change; null if there is no working copy, or none that can be read. */
export async function isDirty(store: Store, repository: string): Promise<boolean | null> {
  const read = readAddress(repository);
  if (read.kind === 'bad' || read.address.kind === 'url') return null;
  const workTree = read.address.path;
  if (!existsSync(join(workTree, '.git'))) return null;
  try {
    return await hasChanges(store, workTree);
  } catch (error) {
    // For example, a split index can't be read this way. The result is only for a note.
    if (error instanceof GitFailure) return null;
    throw error;
  }
}

async function hasChanges(store: Store, workTree: string): Promise<boolean> {
  const places = ['--git-path', 'index', '--git-path', 'objects', '--git-path', 'info/exclude'];
  const { output } = await streamGit(workTree, ['rev-parse', '--path-format=absolute', ...places, 'HEAD'], {
    repository: 'around-dir',
    configuration: 'personal',
    timeoutMs: TIMEOUT_MS,
  });
  const [index = '', objects = '', exclude = '', head = ''] = output.toString().trim().split('\n');
  const options: StreamOptions = {
    expected: [1],
    configuration: 'personal',
    timeoutMs: TIMEOUT_MS,
    env: {
      GIT_INDEX_FILE: index,
      GIT_WORK_TREE: workTree,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
      GIT_OPTIONAL_LOCKS: '0',
    },
  };
  const differs = async (args: string[]): Promise<boolean> =>
    (await streamGit(store.dir, [...args, '--quiet', '--no-ext-diff', '--ignore-submodules=all'], options)).status ===
    1;
  // A copied repository has other inodes and change times, so the first check compares only sizes and write times.
  if (await differs(['-c', 'core.checkStat=minimal', '-c', 'core.trustctime=false', 'diff', '--no-textconv']))
    return true;
  if (await differs(['diff-index', '--cached', head])) return true;
  const excluded = ['--exclude-standard', ...(existsSync(exclude) ? [`--exclude-from=${exclude}`] : [])];
  const list = ['ls-files', '-z', '--others', '--directory', '--no-empty-directory', ...excluded];
  return (await streamGit(store.dir, list, options)).output.length > 0;
}
