/**
 * What activities work with: where stores lie, the workspaces of this host, the model; made once for a worker.
 * Rule: activities take these from here and read no configuration themselves.
 */
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { IsolationMode } from '../core/agent-state.ts';
import { refSlug } from '../git/ref-name.ts';
import type { Store } from '../git/store.ts';
import { openStore } from '../git/store.ts';
import type { GitHub } from '../github/pull-request.ts';
import type { Model } from '../model/call-model.ts';
import type { Workspaces } from '../sandbox/workspaces.ts';
import { fail } from './failures.ts';

export interface ActivityContext {
  stateDir: string;
  /** Name of this host among the workers: its workspaces have a queue of that name. */
  host: string;
  /** Path or git URL of the hub, with `{repository}` where the repository's slug goes. */
  hub: string;
  /** Folder of the organisation's and the teams' policies, where there is one. */
  policies: string | undefined;
  /** What remotes need of the worker's environment: an agent's socket, proxies, certificates. */
  remoteEnvironment: Readonly<Record<string, string>>;
  /** Where pull requests are opened; undefined where nobody gave a token. */
  github: GitHub | undefined;
  /** Folders under which a start may name a repository by its path. */
  roots: string[];
  isolation: IsolationMode;
  workspaces: Workspaces;
  model: Model;
  /** Most milliseconds of one check or command. */
  commandTimeoutMs: number;
  /** Days for which the chains of closed runs are kept. */
  retentionDays: number;
}

/** Whether a repository is named by a URL (or scp-like address) rather than by a path. */
export function isUrl(repository: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(repository) || /^[\w.-]+@[\w.-]+:/.test(repository);
}

/** The store of a repository's checkpoints on this host. */
export async function storeOf(context: ActivityContext, repository: string): Promise<Store> {
  return await storeOfSlug(context, refSlug(repository));
}

/** The same by the repository's slug. */
export async function storeOfSlug(context: ActivityContext, slug: string): Promise<Store> {
  const hub = context.hub.replaceAll('{repository}', slug);
  const environment = context.remoteEnvironment;
  if (!isUrl(hub)) return await openStore({ dir: resolve(context.stateDir, hub), environment });
  return await openStore({ dir: join(context.stateDir, 'stores', `${slug}.git`), remote: hub, environment });
}

/** Where the repository really is: its URL, or its real path under an allowed root. */
export async function locateRepository(context: ActivityContext, repository: string): Promise<string> {
  if (isUrl(repository)) return repository;
  let path: string;
  try {
    path = await realpath(resolve(repository));
  } catch {
    throw fail('BadRepository', `no such folder: "${repository}". Give a git URL, or a path on the worker's host`);
  }
  const roots = await Promise.all(context.roots.map((root) => realpath(root).catch(() => resolve(root))));
  if (roots.some((root) => root === '/' || path === root || path.startsWith(`${root}/`))) return path;
  const allowed = roots.join(', ') || 'none';
  throw fail(
    'BadRepository',
    `"${repository}" lies outside the folders that this worker may read (COXSWAIN_ROOTS: ${allowed})`,
  );
}
