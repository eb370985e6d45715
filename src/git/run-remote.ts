/**
 * Runs the verbs that talk to another repository: `ls-remote`, `fetch` and `push`.
 * Rule: the person's configuration counts here, for their credentials, proxies and rewritten addresses.
 */
import type { Sha } from '../core/transcript.ts';
import { runGit } from './run-git.ts';
import type { Store } from './store.ts';

/** Runs one verb with what the store was given of the worker's environment. */
export async function runRemote(store: Store, args: readonly string[]): Promise<string> {
  return await runGit(store.dir, args, { env: store.environment ?? {}, configuration: 'personal' });
}

/** The refs of a repository whose names begin with or are one of these; all without any. */
export async function listRemote(
  store: Store,
  repository: string,
  patterns: readonly string[] = [],
): Promise<Map<string, Sha>> {
  const listed = await runRemote(store, ['ls-remote', '--end-of-options', repository, ...patterns]);
  return new Map(listed.split('\n').flatMap(readLine));
}

function readLine(line: string): [string, Sha][] {
  const [id, ref] = line.split('\t');
  return id && ref ? [[ref, id as Sha]] : [];
}

/** Pushes a commit to a ref if that stands at `expected` there (null: if it is not there); null deletes the ref. */
export async function pushWithLease(
  store: Store,
  repository: string,
  { ref, to, expected }: { ref: string; to: Sha | null; expected: Sha | null },
): Promise<void> {
  await runRemote(store, [
    'push',
    '--progress',
    '--no-verify',
    '--recurse-submodules=no',
    `--force-with-lease=${ref}:${expected ?? ''}`,
    '--end-of-options',
    repository,
    `${to ?? ''}:${ref}`,
  ]);
}
