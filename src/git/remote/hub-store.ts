/**
 * Where the hub of a repository is on this host: the hub itself where it is a path, a store that caches it where it is
 * a URL.
 * Rule: workers and the command line find it in one way, by the repository's slug.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Person } from '../person.ts';
import type { Access } from '../reach.ts';
import { refSlug } from '../ref-name.ts';
import type { Store } from '../store.ts';
import { openStore } from '../store.ts';

/** Where the slug of the repository goes in the name of a hub. */
export const SLUG = '{repository}';

export interface HubSettings {
  /** Folder of everything that this host keeps. */
  stateDir: string;
  /** Path or git URL of the hub, with `{repository}` where each repository has its own. */
  hub: string;
  /** What remotes need of this process's environment: an agent's socket, proxies, certificates. */
  remoteEnvironment: Readonly<Record<string, string>>;
  /** Author and committer of commits that no person made; Coxswain if left out. */
  committer?: Person | undefined;
}

/** Whether a hub is named by a URL (or scp-like address) rather than by a path. */
export function isUrl(hub: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(hub) || /^[\w.-]+@[\w.-]+:/.test(hub);
}

/** The store of a repository's checkpoints on this host; made where it is missing. */
export async function openHubStore(settings: HubSettings, repository: string, access?: Access): Promise<Store> {
  const slug = refSlug(repository);
  const store = await openHubStoreOf(settings, slug, access);
  return settings.hub.includes(SLUG) ? store : { ...store, space: slug };
}

/** The same by the repository's slug, with the refs of all repositories where they share a hub. */
export async function openHubStoreOf(settings: HubSettings, slug: string, access?: Access): Promise<Store> {
  const { hub, stateDir, remoteEnvironment: environment, committer } = settings;
  const place = hub.replaceAll(SLUG, slug);
  const shared = { environment, ...(access ? { access } : {}), ...(committer ? { committer } : {}) };
  if (!isUrl(place)) return await openStore({ dir: resolve(stateDir, place), ...shared });
  return await openStore({ dir: join(stateDir, 'stores', `${slug}.git`), remote: place, ...shared });
}

/** The address of a repository's hub, as git takes it. */
export function placeOfHub({ hub, stateDir }: HubSettings, repository: string): string {
  const place = hub.replaceAll(SLUG, refSlug(repository));
  return isUrl(place) ? place : resolve(stateDir, place);
}

/** The path of a repository's hub that is not on this machine; undefined where it is, or where it is reached by URL. */
export function findMissingHub(settings: HubSettings, repository: string): string | undefined {
  const place = placeOfHub(settings, repository);
  return isUrl(place) || existsSync(join(place, 'HEAD')) ? undefined : place;
}
