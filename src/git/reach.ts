/**
 * Says how git gets at a repository that somebody named, or why it may not, each time that git is about to.
 * Rule: what is judged is what git is given: a folder that was followed to its end, or a URL with the addresses that
 * its host had when it was judged.
 */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Root, UrlAddress } from '../core/address.ts';
import { allowingLine, ruleOnUrl, placeOf, readAddress } from '../core/address.ts';
import type { GitFailureKind } from '../core/failures.ts';
import type { GitFolder } from './git-folder.ts';
import { findGitFolder, findOutside } from './git-folder.ts';
import { GitFailure, hideSecrets } from './git-failure.ts';

/** The hub of a store, which its worker's configuration names, and no start does. */
export const HUB = Symbol('hub');

/** What a worker may reach for those who start runs. */
export interface Access {
  roots: readonly Root[];
  /** Whether this is a place of chains, which is nobody's repository. */
  isHub(place: string): boolean;
  /** The public addresses of a host that no root lists; null where a proxy looks them up. */
  findAddresses(address: UrlAddress): Promise<PublicAddresses>;
}

export type PublicAddresses =
  | { kind: 'public'; addresses: readonly string[] | null }
  | { kind: 'refused' | 'unknown'; reason: string };

/** A repository that git may get at, as git is to be told. */
export type Reached = { name: string; settings: string[]; env: Record<string, string> } & (
  | { kind: 'folder'; folder: GitFolder; path: string }
  /** `judged` where SSH is to connect to these addresses of the host, which it would look up anew. */
  | { kind: 'url'; judged?: { address: UrlAddress; addresses: readonly string[] | null } }
);

/** Judges an address. Without `access` every address of the closed set may be reached. */
export async function reach(access: Access | undefined, repository: string): Promise<Reached> {
  const read = readAddress(repository);
  if (read.kind === 'bad') throw refusal(repository, read.problem, 'not-a-repository');
  const { address } = read;
  return address.kind === 'path'
    ? await reachFolder(access, repository, address.path)
    : await reachUrl(access, repository, address);
}

async function reachFolder(access: Access | undefined, repository: string, path: string): Promise<Reached> {
  const place = await realpath(resolve(path)).catch(() => {
    throw refusal(repository, "is no folder of this worker's host: give a git URL, or a path there");
  });
  const folder = await findGitFolder(place);
  await refuseReadsOutside(access, repository, folder.reads);
  if (access?.isHub(folder.gitDir)) throw refusal(repository, IS_HUB, 'not-a-repository');
  return {
    kind: 'folder',
    name: folder.gitDir,
    path: place,
    folder,
    settings: [],
    env: { GIT_ALLOW_PROTOCOL: 'file', GIT_NO_LAZY_FETCH: '1' },
  };
}

/** Refuses a repository by path that takes any of these, its own folder first, from outside of the roots. */
export async function refuseReadsOutside(
  access: Access | undefined,
  repository: string,
  reads: readonly string[],
): Promise<void> {
  if (!access) return;
  const allowed = access.roots.flatMap((root) => (root.kind === 'path' ? [root.path] : []));
  const roots = await Promise.all(allowed.map((root) => realpath(root).catch(() => resolve(root))));
  const outside = findOutside(reads, roots);
  if (outside === undefined) return;
  const what = outside === reads[0] ? 'lies' : `takes part of itself from ${outside}, which lies`;
  const line = `COXSWAIN_ROOTS: ${roots.join(', ') || 'none'}`;
  throw refusal(repository, `${what} outside the folders that this worker may read (${line})`);
}

const IS_HUB = 'is a hub of this worker: what lies there are chains of runs, and no repository';

async function reachUrl(access: Access | undefined, repository: string, address: UrlAddress): Promise<Reached> {
  const settings = ['-c', 'http.followRedirects=false'];
  let judged: Extract<Reached, { kind: 'url' }>['judged'];
  if (access?.isHub(placeOf(address))) throw refusal(repository, IS_HUB, 'not-a-repository');
  const addresses = await findConnectAddresses(access, repository, address);
  if (addresses !== undefined) {
    if (address.scheme === 'ssh') judged = { address, addresses };
    else settings.push(...pin(address, addresses));
  }
  // Addresses may be rewritten by the person's own configuration, to SSH for instance, but never to a program.
  const schemes = new Set(['https', 'ssh', address.scheme]);
  const env = { GIT_ALLOW_PROTOCOL: [...schemes].join(':') };
  return { kind: 'url', name: address.text, settings, env, ...(judged ? { judged } : {}) };
}

/**
 * The addresses at which a URL's host may be connected to: null where a proxy looks them up, undefined where a root
 * lists the host, wherever it lies. Fails where it may not be reached; `name` is what is said of it then.
 */
export async function findConnectAddresses(
  access: Access | undefined,
  name: string,
  address: UrlAddress,
): Promise<readonly string[] | null | undefined> {
  if (!access) return undefined;
  const verdict = ruleOnUrl(address, access.roots);
  if (verdict.kind === 'refused') throw refusal(name, verdict.reason);
  return verdict.kind === 'public' ? await findPublic(access, name, address) : undefined;
}

async function findPublic(access: Access, repository: string, address: UrlAddress): Promise<readonly string[] | null> {
  const found = await access.findAddresses(address);
  if (found.kind === 'public') return found.addresses;
  const words = `${found.reason}; ${allowingLine(address)}`;
  if (found.kind === 'refused') throw refusal(repository, words);
  throw new GitFailure('unreachable', `${hideSecrets(repository)} can't be reached: ${words}`);
}

/** Git connects to the addresses that were judged, not to what the name stands for a moment later. */
function pin({ host, port, isAddress }: UrlAddress, addresses: readonly string[] | null): string[] {
  if (isAddress || addresses === null) return [];
  const list = addresses.map((one) => (one.includes(':') ? `[${one}]` : one)).join(',');
  return ['-c', `http.curloptResolve=${host}:${port}:${list}`];
}

/** What a worker refuses by its own configuration, or has not on its host, may be another's. */
function refusal(repository: string, problem: string, kind: GitFailureKind = 'not-here'): GitFailure {
  return new GitFailure(kind, `${JSON.stringify(hideSecrets(repository))} ${problem}`);
}
