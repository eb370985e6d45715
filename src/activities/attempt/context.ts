/**
 * What activities work with: where stores lie, the workspaces of this host, the model; made once for a worker.
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
import type { Access } from '../../git/reach.ts';
import { reach } from '../../git/reach.ts';
import { openHubStore, openHubStoreOf, SLUG } from '../../git/remote/hub-store.ts';
import type { Store } from '../../git/store.ts';
import type { GitHub } from '../../github/pull-request.ts';
import type { Model } from '../../model/call-model.ts';
import type { Workspaces } from '../../sandbox/workspace/workspaces.ts';

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
  /** Folders and beginnings of URLs below which a start may name a repository. */
  roots: readonly Root[];
  /** The network that a run's own input may grant its setup. */
  setupNetwork: NetworkGrant;
  isolation: IsolationMode;
  workspaces: Workspaces;
  model: Model;
  /** Most milliseconds of one check or command. */
  commandTimeoutMs: number;
  /** Days for which the chains of closed runs are kept. */
  retentionDays: number;
}

/** The store of a repository's checkpoints on this host. */
export async function storeOf(context: ActivityContext, repository: string): Promise<Store> {
  return await openHubStore(context, repository, accessOf(context));
}

/** The same by the repository's slug, with the refs of all repositories where they share a hub. */
export async function storeOfSlug(context: ActivityContext, slug: string): Promise<Store> {
  return await openHubStoreOf(context, slug, accessOf(context));
}

/** What may be reached from here for those who start runs. */
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

/** Where the hub is, in the one spelling in which repositories are compared with it. */
function hubPlace(stateDir: string, hub: string): string {
  const read = readAddress(hub);
  if (read.kind === 'ok' && read.address.kind === 'url') return placeOf(read.address);
  const path = resolve(stateDir, read.kind === 'ok' ? read.address.path : hub);
  // Its folder may be reached by a link; the part with the slug is one that nobody links.
  const [above = ''] = path.split(SLUG, 1);
  const folder = above === path ? path : dirname(`${above}x`);
  try {
    return realpathSync(folder) + path.slice(folder.length);
  } catch {
    return path;
  }
}

/** Where a repository is: its URL, or the real path of its folder; fails where this worker may not reach it. */
export async function locateRepository(context: ActivityContext, repository: string): Promise<string> {
  const reached = await reach(accessOf(context), repository);
  return reached.kind === 'folder' ? reached.path : repository;
}
