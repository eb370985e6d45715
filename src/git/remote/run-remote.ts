/**
 * Runs the verbs that talk to another repository: `ls-remote`, `fetch` and `push`.
 * Rule: the person's configuration counts here, for their credentials, proxies and rewritten addresses.
 */
import type { Sha } from '../../core/transcript.ts';
import { pinSsh } from './pin-ssh.ts';
import { HUB, reach } from '../reach.ts';
import { runGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** Where a verb goes: to the store's hub, or to a repository that somebody named. */
export type Remote = string | typeof HUB;

/** Reads what is at a folder and no other one, though a repository may lie within it or beside it. */
const STRICT = '--upload-pack=git upload-pack --strict';
/** A hub by path has hooks that its host's other users may have written. */
const NO_HOOKS = '--receive-pack=git -c core.hooksPath=/dev/null receive-pack';

/**
 * Runs one verb with what the store was given of the worker's environment. The repository is judged before, and a
 * folder once more after: who may write it could have had it lead elsewhere in between.
 */
export async function runRemote(
  store: Store,
  verb: readonly string[],
  remote: Remote,
  rest: readonly string[] = [],
): Promise<string> {
  const environment = store.environment ?? {};
  if (remote === HUB) {
    const hub = store.remote ?? store.dir;
    const options = verb[0] === 'push' && /^(?:file:|\/)/i.test(hub) ? [...verb, NO_HOOKS] : verb;
    const args = [...options, '--end-of-options', hub, ...rest];
    return await runGit(store.dir, args, { env: environment, configuration: 'personal' });
  }
  const reached = await reach(store.access, remote);
  const { kind, name, settings, env } = reached;
  const pinned = kind === 'url' && reached.judged ? await pinSsh(store, reached.judged) : {};
  const options = kind === 'folder' && verb[0] !== 'push' ? [...verb, STRICT] : verb;
  const output = await runGit(store.dir, [...options, '--end-of-options', name, ...rest], {
    env: { ...environment, ...env, ...pinned },
    settings,
    configuration: 'personal',
  });
  if (kind === 'folder') await reach(store.access, remote);
  return output;
}

/** The refs of a repository whose names begin with or are one of these; all without any. */
export async function listRemote(
  store: Store,
  remote: Remote,
  patterns: readonly string[] = [],
): Promise<Map<string, Sha>> {
  const listed = await runRemote(store, ['ls-remote'], remote, patterns);
  return new Map(listed.split('\n').flatMap(readLine));
}

function readLine(line: string): [string, Sha][] {
  const [id, ref] = line.split('\t');
  return id && ref ? [[ref, id as Sha]] : [];
}

/** Pushes a commit to a ref if that stands at `expected` there (null: if it is not there); null deletes the ref. */
export async function pushWithLease(
  store: Store,
  remote: Remote,
  { ref, to, expected }: { ref: string; to: Sha | null; expected: Sha | null },
): Promise<void> {
  const options = ['--progress', '--no-verify', '--recurse-submodules=no'];
  const lease = `--force-with-lease=${ref}:${expected ?? ''}`;
  await runRemote(store, ['push', ...options, lease], remote, [`${to ?? ''}:${ref}`]);
}
