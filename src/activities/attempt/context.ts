/**
 * What activities work with: stores, the workspaces of this host, the model. It is made once for each worker.
 * Rule: activities take these from here and read no configuration themselves.
 */
import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Root } from '../../core/address.ts';
import { placeOf, readAddress } from '../../core/address.ts';
import type { NetworkGrant } from '../../core/egress.ts';
import type { IsolationMode } from '../../core/execution.ts';
import { findPublicAddresses } from '../../egress/find-public.ts';
import { resolveAll } from '../../egress/find-route.ts';
import type { Person } from '../../git/person.ts';
import type { Access } from '../../git/reach.ts';
import { reach } from '../../git/reach.ts';
import { openHubStore, openHubStoreOf, SLUG } from '../../git/remote/hub-store.ts';
import type { Store } from '../../git/store.ts';
import type { GitHub } from '../../github/pull-request.ts';
import type { Model } from '../../model/call-model.ts';
import type { Receivers } from '../../notify/receivers.ts';
import type { Workspaces } from '../../sandbox/workspace/workspaces.ts';

export interface ActivityContext {
  stateDir: string;
  /** Name of this host among the workers; the task queue of its workspaces contains it. */
  host: string;
  /** Path or git URL of the hub, with `{repository}` where the repository's slug goes. */
  hub: string;
  /** Folder of the organisation's and the teams' policies; undefined where there is none. */
  policies: string | undefined;
  /** Environment variables that git needs to reach remotes: the ssh agent's socket, proxies, certificates. */
  remoteEnvironment: Readonly<Record<string, string>>;
  /** Author and committer of the commits that are delivered; Coxswain if left out. */
  committer?: Person | undefined;
  /** Where pull requests are opened; undefined without a token. */
  github: GitHub | undefined;
  /** Who can be told of runs, by the names that policy uses. */
  receivers: Receivers;
  /** Folders and URL prefixes: a start may name only repositories below them. */
  roots: readonly Root[];
  /** The network that a run's input may grant to its setup. */
  setupNetwork: NetworkGrant;
  isolation: IsolationMode;
  workspaces: Workspaces;
  model: Model;
  /** Time limit of one check or command, in milliseconds. */
  commandTimeoutMs: number;
  /** Days for which the chains of closed runs are kept. */
  retentionDays: number;
}

/** The store of a repository's checkpoints on this host. */
export async function storeOf(context: ActivityContext, repository: string): Promise<Store> {
  return await openHubStore(context, repository, accessOf(context));
}

/** Opens the store by the repository's slug. Where repositories share a hub, the store has the refs of all of them. */
export async function storeOfSlug(context: ActivityContext, slug: string): Promise<Store> {
  return await openHubStoreOf(context, slug, accessOf(context));
}

/** Which repositories a start may name on this worker: below its roots, never the hub, at public addresses. */
function accessOf({ hub, stateDir, roots, remoteEnvironment }: ActivityContext): Access {
  const isProxied = Object.keys(remoteEnvironment).some((name) => /^(?:https?|all)_proxy$/i.test(name));
  const parts = hubPlace(stateDir, hub).split(SLUG);
  const pattern = parts.map((part) => part.replace(/[^\w/]/g, '\\$&')).join('[a-z0-9-]+-[0-9a-f]{10}');
  return {
    roots,
    isHub: (place) => new RegExp(`^${pattern}$`).test(place),
    findAddresses: (address) => findPublicAddresses(address, { resolve: resolveAll, isProxied }),
  };
}

/** The hub's location in its canonical form, for comparing with a repository's. */
function hubPlace(stateDir: string, hub: string): string {
  const read = readAddress(hub);
  if (read.kind === 'ok' && read.address.kind === 'url') return placeOf(read.address);
  const path = resolve(stateDir, read.kind === 'ok' ? read.address.path : hub);
  // Symbolic links are resolved up to the folder before the slug; the part with the slug is not expected to be a link.
  const [above = ''] = path.split(SLUG, 1);
  const folder = above === path ? path : dirname(`${above}x`);
  try {
    return realpathSync(folder) + path.slice(folder.length);
  } catch {
    return path;
  }
}

/** A repository's URL, or the real path of its folder; fails where this worker may not reach it. */
export async function locateRepository(context: ActivityContext, repository: string): Promise<string> {
  const reached = await reach(accessOf(context), repository);
  return reached.kind === 'folder' ? reached.path : repository;
}
