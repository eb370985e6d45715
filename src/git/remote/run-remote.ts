/**
 * Runs the verbs that talk to another repository: `ls-remote`, `fetch` and `push`.
 * Rule: here git uses the configuration of the worker's user, for credentials, proxies and rewritten addresses.
 */
import type { Sha } from '../../core/transcript.ts';
import { pinSsh } from './pin-ssh.ts';
import { HUB, reach } from '../reach.ts';
import { runGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** The other repository: the store's hub, or one that a person named. */
export type Remote = string | typeof HUB;

/** Git reads exactly this folder, and does not try `.git` in it or next to it. */
const STRICT = '--upload-pack=git upload-pack --strict';
/** Other users of the host may have written hooks into a hub by path, so none run. */
const NO_HOOKS = '--receive-pack=git -c core.hooksPath=/dev/null receive-pack';

/**
 * Runs one verb with the store's environment variables. A repository is checked before, and a folder once more
 * afterwards: somebody who may write it could have changed its links in between.
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

/** The refs of a repository that match a pattern of `ls-remote`; all, without patterns. */
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

/** Pushes `to` to a ref that is at `expected` (null: does not exist). With `to` null, deletes the ref. */
export async function pushWithLease(
  store: Store,
  remote: Remote,
  { ref, to, expected }: { ref: string; to: Sha | null; expected: Sha | null },
): Promise<void> {
  const options = ['--progress', '--no-verify', '--recurse-submodules=no'];
  const lease = `--force-with-lease=${ref}:${expected ?? ''}`;
  await runRemote(store, ['push', ...options, lease], remote, [`${to ?? ''}:${ref}`]);
}
