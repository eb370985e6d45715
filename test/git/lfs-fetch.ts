/**
 * Fetches LFS content for tests: two files, a store with roots, and the content after a fetch.
 * Rule: names are looked up and checked as in a worker.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAllowedRoot } from '../../src/core/address.ts';
import type { Root } from '../../src/core/address.ts';
import { findPublicAddresses } from '../../src/egress/find-public.ts';
import { resolveAll } from '../../src/egress/find-route.ts';
import { ensureContent } from '../../src/git/lfs/content.ts';
import type { LfsFile } from '../../src/git/lfs/files.ts';
import type { Store } from '../../src/git/store.ts';
import { newStore, temporaryFolder } from './git-host.ts';
import { PICTURE_OID, PICTURE_POINTER, SOUND_OID, SOUND_POINTER } from './lfs-server.ts';

export const picture: LfsFile = {
  path: 'art/one.psd',
  oid: PICTURE_OID,
  size: 19,
  pointer: Buffer.from(PICTURE_POINTER),
};
export const sound: LfsFile = { path: 'art/two.wav', oid: SOUND_OID, size: 10, pointer: Buffer.from(SOUND_POINTER) };

/** A store that may reach these roots and all public hosts. */
export async function storeWith(roots: readonly string[], environment: Record<string, string> = {}): Promise<Store> {
  const access = {
    roots: roots.map((root) => readAllowedRoot(root) as Root),
    isHub: () => false,
    findAddresses: async (address: { host: string; isAddress: boolean }) =>
      await findPublicAddresses(address, { resolve: resolveAll, isProxied: false }),
  };
  return { ...(await newStore()), access, environment };
}

/** Fetches content into a new folder; returns the content there, and the problem if any. */
export async function fetched(
  store: Store,
  repository: string,
  { files = [picture], folder = temporaryFolder(), hasConfig = false } = {},
): Promise<{ problem: string; kept: Record<string, string> }> {
  const source = { store, repository, hasConfig, signal: new AbortController().signal };
  const problem = await ensureContent(source, folder, files).then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return {
    problem,
    kept: Object.fromEntries(names.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), 'utf8')])),
  };
}
